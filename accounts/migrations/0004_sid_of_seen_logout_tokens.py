"""A logout token is remembered with the provider's session that it ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_idempotent_requests")]

    operations = [
        migrations.AddField(
            model_name="seenlogouttoken",
            name="sid",
            field=models.CharField(blank=True, db_default="", max_length=255),
        ),
    ]

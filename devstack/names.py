"""Names for the demo's many: long, short, accented, as people and companies have them."""

FIRST_NAMES = (
    "Astrid", "Björn", "Chloé", "Dmitri", "Eilidh", "Fatima", "Gunnar", "Hana", "Ísold", "João", "Katarzyna",
    "Lars", "Mei", "Noor", "Óscar", "Paloma", "Quentin", "Ragnhild", "Søren", "Thandiwe", "Ulrika", "Víctor",
)  # fmt: skip
LAST_NAMES = (
    "Andersen", "Bergström", "Çelik", "Dubois", "Eriksen", "Ferreira da Silva", "García Hernández", "Haug",
    "Ivanova", "Jørgensen", "Kowalczyk", "Lund", "Müller-Hohenstein", "Ng", "O’Sullivan", "Papadopoulou",
    "Quist", "Rasmussen", "Šimek", "Tanaka", "Þórsdóttir", "van den Berg", "Wójcik",
)  # fmt: skip
COMPANIES = (
    "Aurora Gymnas", "Baltic Freight", "Café Rosenlund", "Dovre Bygg", "Ember Logistics", "Fjellheim Hotell",
    "Gjensidig Rådgivning og Forvaltning for Nordhordland og Omland", "Havn Arkitekter", "Iris Optikk",
    "Jotun Data", "Kvitfjell Resort", "Lodz Print House", "Møller & Sønner", "Nordlys Studio", "Oslofjord Seil",
    "Plum Clinics", "Quay Partners", "Rallarmuseet", "Solveig Bakeri", "Tinde Utstyr", "Ulriken Foto",
    "Vestland Advokat", "Wilhelmsen Rør", "Ytre Enebakk Skole", "Zenit Revisjon", "Ærlig Talt Media",
    "Østfold Elektro",
)  # fmt: skip

// Sends the form that signs out, at once; without JavaScript its button does.
document.querySelector('form[data-autosubmit]')?.requestSubmit();

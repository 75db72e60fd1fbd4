// Stripe lays the bank's page over ours, but a modal dialog lies above everything and makes the rest inert
// (stripe/stripe-js#599). So the dialog is none while the bank is asked, and looks the same.
export function stepAside(dialog) {
  if (!dialog?.matches(':modal')) return () => {};
  const focused = document.activeElement;
  const rest = [...document.querySelectorAll('.app, .skip')];
  dialog.close();
  dialog.show();
  for (const node of rest) node.inert = true;
  focused?.focus();
  return () => {
    for (const node of rest) node.inert = false;
    const now = document.activeElement;
    dialog.close();
    dialog.showModal();
    (dialog.contains(now) ? now : focused)?.focus();
  };
}

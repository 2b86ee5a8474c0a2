// Runs before the page is drawn, so that a chosen theme does not flash in the other one.
(() => {
  let theme = null;
  try { theme = localStorage.getItem('venturi.theme'); } catch { /* storage is off: the system's theme holds */ }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();

// The theme in force, set before the first paint; app.js says when another one is chosen.
(() => {
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const chosen = localStorage.getItem('theme');
    const theme = chosen ?? (prefersDark.matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = theme;
  };
  prefersDark.addEventListener('change', apply);
  addEventListener('themechange', apply);
  addEventListener('beforeprint', () => { document.documentElement.dataset.theme = 'light'; });
  addEventListener('afterprint', apply);
  apply();
})();

// The page's frame: which view is shown, the theme, the key.

import { accessKey } from './api.js';
import { announce, by } from './dom.js';
import { chat } from './chat.js';
import { figures } from './figures.js';
import { plan } from './plan.js';
import { systems } from './systems.js';

const views = { chat, figures, systems, plan };
const titles = { chat: 'Venturi', figures: 'Figures – Venturi', systems: 'Systems – Venturi', plan: 'Plan – Venturi' };
const nameOf = (path) => ({ '/figures': 'figures', '/systems': 'systems', '/plan': 'plan' })[path.replace(/\/$/, '')] ?? 'chat';
let shown = null;

function show(name) {
  if (shown === name) {
    views[name].moved?.();
    return;
  }
  if (shown) views[shown].hide?.();
  shown = name;
  for (const other of Object.keys(views)) by(`view-${other}`).hidden = other !== name;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.view === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = titles[name];
  document.body.dataset.view = name;
  views[name].show();
}

// Links between the views keep the page, and with it an answer that is being written.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="/"]');
  const opensElsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (!link || event.defaultPrevented || opensElsewhere) return;
  event.preventDefault();
  const name = nameOf(new URL(link.href).pathname);
  if (location.pathname + location.hash !== link.getAttribute('href')) history.pushState(null, '', link.href);
  const isNew = name !== shown;
  show(name);
  if (isNew) {
    scrollTo(0, 0);
    announce(`${name[0].toUpperCase()}${name.slice(1)}.`);
  }
});
addEventListener('popstate', () => show(nameOf(location.pathname)));

// Theme: as the system, light, dark, and around.

const themes = ['system', 'light', 'dark'];
const words = { system: 'as the system', light: 'light', dark: 'dark' };

function themeNow() {
  return document.documentElement.dataset.theme ?? 'system';
}

function setTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  by('theme').querySelector('use').setAttribute('href', `#icon-theme-${theme}`);
  by('theme-name').textContent = `Theme: ${words[theme]}`;
  by('theme').title = `Theme: ${words[theme]}`;
}

by('theme').addEventListener('click', () => {
  const theme = themes[(themes.indexOf(themeNow()) + 1) % themes.length];
  setTheme(theme);
  announce(`Theme: ${words[theme]}.`);
  try { localStorage.setItem('venturi.theme', theme); } catch { /* holds until the page is left */ }
});
setTheme(themeNow());

// Key

by('open-key').addEventListener('click', () => {
  by('key-value').value = accessKey.value;
  by('key-remember').checked = accessKey.isRemembered;
  by('key').returnValue = '';
  by('key').showModal();
  by('key-value').select();
});
by('key-cancel').addEventListener('click', () => by('key').close());
by('key').addEventListener('close', () => {
  if (by('key').returnValue === 'use') {
    accessKey.set(by('key-value').value.trim(), by('key-remember').checked);
    for (const view of Object.values(views)) view.keyChanged?.();
  }
  by('key-value').value = '';
});

show(nameOf(location.pathname));

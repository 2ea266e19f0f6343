#include "mod_wsflow/status/html_page.hpp"

namespace wsflow::status {

// Fetches the page every few seconds and updates <main> element by element, so that the focus, scroll
// positions, open details and typed text stay. An element with an id stays the same element wherever it
// moves. The list of tunnels stands still while a Close button has the pointer or the focus.
const char kPageScript[] = R"JS('use strict';
(() => {
  const PERIOD = 3000;
  const main = document.getElementById('main');
  const state = document.getElementById('state');
  const tip = document.getElementById('tip');
  const pause = document.getElementById('pause');
  let timer = 0, paused = false, asked = 0;

  const aimedAt = (node) => node.id === 'tunnels' && node.querySelector('tbody button:is(:hover,:focus)');

  function change(now, wanted, whole) {
    if (!whole && aimedAt(now)) return;
    for (const { name, value } of wanted.attributes) {
      if (now.getAttribute(name) !== value) now.setAttribute(name, value);
    }
    for (const { name } of [...now.attributes]) {
      if (!wanted.hasAttribute(name) && !(name === 'open' && now.localName === 'details')) now.removeAttribute(name);
    }
    if (whole && now.type === 'search') now.value = wanted.value;
    let place = now.firstChild;
    for (const child of [...wanted.childNodes]) {
      let same = place;
      if (child.id) {
        const known = document.getElementById(child.id);
        same = known && known.parentNode === now ? known : null;
      } else if (place && place.id) {
        same = null;
      }
      if (!same || same.nodeType !== child.nodeType || same.nodeName !== child.nodeName) {
        now.insertBefore(document.importNode(child, true), place);
        continue;
      }
      if (same === place) place = place.nextSibling;
      else now.insertBefore(same, place);
      if (child.nodeType === Node.ELEMENT_NODE) change(same, child, whole);
      else if (same.data !== child.data) same.data = child.data;
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  function show(text, whole) {
    const wanted = new DOMParser().parseFromString(text, 'text/html').getElementById('main');
    if (!wanted) throw new Error('the answer is another page');
    change(main, wanted, whole);
    state.textContent = (paused ? 'paused at ' : 'updated ') + new Date().toLocaleTimeString();
    point();
  }

  async function refresh(whole) {
    clearTimeout(timer);
    const number = ++asked;
    try {
      const answer = await fetch(location.href, { cache: 'no-store' });
      const text = await answer.text();
      if (number !== asked) return;
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
      show(text, whole);
    } catch (error) {
      if (number !== asked) return;
      state.textContent = `no answer: ${error.message}`;
    }
    again();
  }

  function again() {
    clearTimeout(timer);
    if (!paused && !document.hidden) timer = setTimeout(refresh, PERIOD);
  }

  function go(address) {
    history.pushState(null, '', address);
    refresh(true);
  }

  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method === 'post') return; // the server asks on a page of its own
    event.preventDefault();
    go('?' + new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== '')));
  });
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a');
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!plain || !link || !link.closest('#tunnels')) return;
    event.preventDefault();
    go(link.getAttribute('href'));
  });
  addEventListener('popstate', () => refresh(true));
  document.addEventListener('visibilitychange', () => (document.hidden || paused ? clearTimeout(timer) : refresh()));
  pause.hidden = false;
  pause.addEventListener('click', () => {
    paused = !paused;
    pause.setAttribute('aria-pressed', paused);
    pause.textContent = paused ? 'Go on' : 'Pause';
    if (paused) state.textContent = state.textContent.replace(/^updated/, 'paused at');
    if (paused) clearTimeout(timer);
    else refresh();
  });

  const digits = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3))));
  function scaled(value, units) {
    let unit = 0;
    for (; value >= 1000 && unit + 1 < units.length; value /= 1000) ++unit;
    return `${digits(value)} ${units[unit]}`;
  }
  const inUnit = [
    digits,
    (value) => `${digits(value)}/s`,
    (value) => `${scaled(value, ['B', 'kB', 'MB', 'GB'])}/s`,
    (value) => (value < 1 ? `${digits(value * 1000)} ms` : `${digits(value)} s`),
  ];
  let under = null, pointer = null;
  function point() {
    tip.hidden = true;
    if (!under || !under.isConnected) return;
    const edge = under.getBoundingClientRect();
    const x = ((pointer.clientX - edge.left) / edge.width) * 900;
    const lines = [];
    let at = -1;
    for (const path of under.querySelectorAll('.l')) {
      let best = null;
      for (const [, px, py] of (path.getAttribute('d') || '').matchAll(/[ML](\d+) (\d+)/g)) {
        if (!best || Math.abs(px - x) < Math.abs(best[0] - x)) best = [Number(px), Number(py)];
      }
      if (!best || Math.abs(best[0] - x) > 20) continue;
      at = best[0];
      lines.push(`${path.dataset.name}  ${inUnit[under.dataset.unit]((1 - best[1] / 1000) * under.dataset.top)}`);
    }
    if (at < 0) return;
    const time = new Date((Number(under.dataset.from) + at) * 1000).toLocaleTimeString();
    tip.textContent = [time, ...lines].join('\n');
    tip.hidden = false;
    const left = Math.min(pointer.clientX + 12, document.documentElement.clientWidth - tip.offsetWidth - 4);
    tip.style.left = `${Math.max(left, 0)}px`;
    tip.style.top = `${edge.top - tip.offsetHeight - 4}px`;
  }
  document.addEventListener('pointermove', (event) => {
    const plot = event.target.closest ? event.target.closest('.plot') : null;
    under = plot && plot.querySelector('svg');
    pointer = event;
    point();
  });
  addEventListener('resize', () => {
    under = null;
    point();
  });
  state.textContent = 'updated ' + new Date().toLocaleTimeString();
  again();
})();
)JS";

}  // namespace wsflow::status

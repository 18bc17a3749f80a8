// Pages work without this. It keeps what changes up to date, checks forms while they are filled in,
// and asks before what cannot be undone.
'use strict';

// Fetches a part of a page again and puts it in place of the old one.
async function refresh(part) {
  if (part.dataset.busy || part.contains(document.activeElement)) return;
  part.dataset.busy = '1';
  try {
    const answer = await fetch(part.dataset.live, { headers: { Accept: 'text/html' } });
    if (answer.status === 401) location.reload();
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    part.replaceChildren(...fresh.body.childNodes);
  } catch (error) {
    // The next event tries again.
  } finally {
    delete part.dataset.busy;
  }
}

function follow() {
  const parts = document.querySelectorAll('[data-live]');
  if (!parts.length) return;
  const states = document.querySelectorAll('[data-live-state]');
  const alive = [...states].map((state) => state.textContent);
  const events = new EventSource('/live');
  const again = () => { if (!document.hidden) parts.forEach(refresh); };
  events.addEventListener('change', again);
  document.addEventListener('visibilitychange', again);
  events.addEventListener('open', () => states.forEach((state, at) => { state.textContent = alive[at]; }));
  events.addEventListener('error', () => states.forEach((state) => { state.textContent = state.dataset.dead; }));
}

// Puts what is wrong with a field beside it.
function beside(form, fresh) {
  const faults = new Map();
  for (const fault of fresh.querySelectorAll('[data-beside]')) {
    faults.set(fault.dataset.beside, fault.textContent);
    fault.remove();
  }
  for (const place of form.querySelectorAll('.fault')) {
    const name = place.id.slice(2);
    const field = document.getElementById(`f-${name}`);
    place.textContent = faults.get(name) || '';
    if (faults.has(name)) field.setAttribute('aria-invalid', 'true'); else field.removeAttribute('aria-invalid');
  }
}

// Sends a form to be looked at, not to be obeyed, and shows what is said of it.
function check(form) {
  const place = document.getElementById(form.dataset.result);
  let timer = 0;
  let newest = 0;
  const ask = async () => {
    const number = ++newest;
    const answer = await fetch(form.dataset.check, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    // An answer to what was typed before is late.
    if (number !== newest) return;
    beside(form, fresh);
    place.replaceChildren(...fresh.body.childNodes);
  };
  form.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, 350); });
}

document.addEventListener('submit', (event) => {
  const question = event.submitter && event.submitter.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
document.querySelectorAll('form[data-check]').forEach(check);
follow();

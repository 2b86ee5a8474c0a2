// The sheet with the settings of answers, and the list of models.

import { Problem, callJSON } from './api.js';
import { by, count, make } from './dom.js';
import { keepSettings, keptSettings } from './store.js';

/** Fields of a request that are numbers, by the names of their inputs. Empty ones are left to the server. */
const numbers = ['temperature', 'top_p', 'top_k', 'min_p', 'max_tokens', 'seed'];
const kept = keptSettings();
let models = [];
let again;
let listener = () => {};

const input = (name) => by(`setting-${name}`);

/** Prepares the sheet; `changed` is called when models or the choice of one have changed. */
export function prepareSettings(changed) {
  listener = changed;
  for (const name of [...numbers, 'system']) {
    const field = input(name);
    field.value = typeof kept[name] === 'string' ? kept[name] : '';
    field.addEventListener('input', save);
  }
  by('model').addEventListener('change', () => {
    save();
    listener();
  });
  by('open-settings').addEventListener('click', () => by('settings').showModal());
  by('reset-settings').addEventListener('click', () => {
    for (const name of [...numbers, 'system']) input(name).value = '';
    save();
    input('system').focus();
  });
  // A sheet with a number that cannot be sent stays open and says which.
  by('settings-form').addEventListener('submit', (event) => {
    const wrong = firstInvalid();
    if (!wrong) return;
    event.preventDefault();
    wrong.reportValidity();
  });
}

const firstInvalid = () => numbers.map(input).find((field) => !field.checkValidity()) ?? null;

function save() {
  const values = { model: by('model').value };
  for (const name of [...numbers, 'system']) values[name] = input(name).value;
  Object.assign(kept, values);
  keepSettings(values);
  const changed = [...numbers, 'system'].filter((name) => values[name].trim() !== '').length;
  by('settings-count').textContent = changed === 0 ? '' : String(changed);
}

/** The fields of a request, as far as the user set them. Throws a `Problem` for a number that is none. */
export function requestFields() {
  const fields = {};
  if (by('model').value) fields.model = by('model').value;
  const wrong = firstInvalid();
  if (wrong) {
    throw new Problem('refused', `The setting “${wrong.labels[0].textContent.trim()}” cannot be sent.`, {
      hint: wrong.validationMessage, field: wrong.name,
    });
  }
  for (const name of numbers) {
    const text = input(name).value.trim();
    if (text !== '') fields[name] = Number(text);
  }
  return fields;
}

/** What is said to the model before anything else. */
export const systemPrompt = () => input('system').value.trim();

/** The chosen model's row of `/v1/models`. */
export const chosenModel = () => models.find(({ id }) => id === by('model').value) ?? null;

/** Asks the server for its models; while one is being loaded, again and again. */
export async function loadModels() {
  clearTimeout(again);
  const answer = await callJSON('/v1/models');
  const rows = Array.isArray(answer?.data) ? answer.data : [];
  models = rows.filter((row) => typeof row?.id === 'string' && row.kind !== 'embedding');
  const select = by('model');
  const wanted = select.value || kept.model;
  const states = { loading: ' (being loaded)', failed: ' (cannot be loaded)' };
  select.replaceChildren(...models.map(({ id, status }) => make('option', { value: id }, id + (states[status] ?? ''))));
  if (models.some(({ id }) => id === wanted)) select.value = wanted;
  select.disabled = models.length === 0;
  describe();
  save();
  listener();
  if (models.some(({ status }) => status === 'loading')) again = setTimeout(() => loadModels().catch(() => {}), 1500);
}

function describe() {
  const meta = chosenModel()?.meta;
  const millions = Number.isFinite(meta?.n_params) ? `${count(meta.n_params / 1e6)} million parameters` : null;
  const context = Number.isFinite(meta?.n_ctx) ? `context of ${count(meta.n_ctx)} tokens` : null;
  by('model').title = [millions, context].filter(Boolean).join(', ');
}

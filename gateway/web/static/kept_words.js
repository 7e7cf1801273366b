// What is typed stays in this browser until the server has it: over a reload, a lost server, a log-in that is over.
// The one place where pages keep it. The public's words are gone with the tab, those of the staff after some days, and
// are given back to the same account alone; its log-out ends them. Passwords, codes and files are never kept.
const { agent = "" } = document.body.dataset;
const place = agent ? localStorage : sessionStorage;
const PREFIX = "words:";
const DAYS = 7;
const SECRET = "[type=password], [autocomplete=one-time-code], [name=code]";
const NEVER = `${SECRET}, [type=file], [type=hidden], [type=submit], [type=button], [readonly]`;
const nameOf = (field) => field.name || field.id;
const fieldsOf = (form) => [...form.querySelectorAll("input, textarea, select")].filter((field) => nameOf(field) && !field.matches(NEVER));
const whole = (key) => `${PREFIX}${agent}:${key}`;

for (const key of Object.keys(place)) {
  if (key.startsWith(PREFIX) && Date.now() - (entryOf(key)?.at ?? 0) > DAYS * 86_400_000) place.removeItem(key);
}

function entryOf(key) {
  try {
    return JSON.parse(place.getItem(key));
  } catch {
    return null;
  }
}

/** What was stored under a key; null when there is nothing. */
export const stored = (key) => entryOf(whole(key))?.said ?? null;
export const store = (key, said) => place.setItem(whole(key), JSON.stringify({ at: Date.now(), said }));
export const forget = (key) => place.removeItem(whole(key));

/** All that this account has typed: it logs out, and somebody else may sit down here. */
export const forgetAll = () => Object.keys(place).filter((key) => key.startsWith(whole(""))).forEach((key) => place.removeItem(key));

/** What stands in a form's fields: of each its name, its value, and for boxes and radios whether it is chosen. */
const read = (form) => fieldsOf(form).map((field) => [nameOf(field), field.value, isChoice(field) ? field.checked : null]);
const isChoice = (field) => ["checkbox", "radio"].includes(field.type);

function put(form, said) {
  for (const [name, value, chosen] of said) {
    const field = fieldsOf(form).find((one) => nameOf(one) === name && (!isChoice(one) || one.value === value));
    if (!field || (isChoice(field) ? field.checked === chosen : field.value === value)) continue;
    if (isChoice(field)) field.checked = chosen;
    else field.value = value;
    for (const event of ["input", "change"]) field.dispatchEvent(new Event(event, { bubbles: true }));
  }
}

/** Keeps what is typed into a form, under what `key()` names; "" while nothing is open there. `restore` gives back what
 * was typed for what is open now, `sent` forgets it. */
export function keepWords(form, key) {
  const keep = () => key() && store(key(), read(form));
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  return {
    restore() {
      const said = key() ? stored(key()) : null;
      if (said?.length) put(form, said); // none where a form has but files: nothing is to be given back
      return Boolean(said?.length);
    },
    sent: (name = key()) => forget(name),
  };
}

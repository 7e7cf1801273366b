// What a browser with JavaScript adds to a form: the proof of work, done while the person writes, and a
// sending that keeps all that was filled in, with a progress bar. Without this file the form works all the same.

import "./file_button.js";
import { draft } from "./form_draft.js";
import { guardForms } from "./plain_forms.js";
import { arrivedAll, uploads } from "./form_upload.js";
import { goesOn, stepwise } from "./form_steps.js";
import { firstBits } from "./sha256.js";

const SLICE = 12; // milliseconds of work at a time, so that typing stays smooth

for (const form of document.querySelectorAll("form[data-bits]")) prepare(form);
document.getElementById("summary")?.focus();

function prepare(form) {
  if (form.matches(".kept-here")) draft(form);
  work(form);
  days(form);
  uploads(form);
  form.addEventListener("submit", (event) => send(event, form));
  stepwise(form);
}

/** A day can be picked from a calendar too; what is typed is taken as it is. */
function days(form) {
  for (const picker of form.querySelectorAll(".picker")) {
    const button = picker.previousElementSibling;
    const field = document.getElementById(picker.dataset.for);
    button.hidden = false;
    button.addEventListener("click", () => picker.showPicker());
    picker.addEventListener("change", () => {
      field.value = picker.value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}

/** Find a number whose hash with the pass begins with enough zero bits, and put it into the form. */
function work(form) {
  const pass = form.elements.pass.value;
  const limit = 2 ** (32 - Number(form.dataset.bits));
  let n = 0;
  if (form.elements.work.value) return;
  function slice() {
    const end = performance.now() + SLICE;
    do {
      if (firstBits(`${pass}:${n}`) < limit) {
        form.elements.work.value = n;
        return;
      }
      n++;
    } while (n % 64 || performance.now() < end);
    setTimeout(slice);
  }
  slice();
}

/** Send in the background, so that what was filled in stays here whatever happens on the way. */
async function send(event, form) {
  const button = form.querySelector(".send button");
  event.preventDefault();
  if (goesOn(form)) return;
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  form.querySelector(".going").textContent = form.querySelector(".going").dataset.going;
  if (await arrivedAll(form)) return upload(form, button);
  form.querySelector(".going").textContent = form.querySelector(".going").dataset.files;
  button.removeAttribute("aria-disabled");
}

function upload(form, button) {
  const bar = form.querySelector("progress");
  const going = form.querySelector(".going");
  const request = new XMLHttpRequest();
  const failed = (why) => {
    bar.hidden = true;
    going.textContent = why || going.dataset.failed;
    button.removeAttribute("aria-disabled");
  };
  bar.hidden = !form.elements.evidence?.files.length;
  going.textContent = going.dataset.going;
  request.upload.addEventListener("progress", (now) => {
    if (now.lengthComputable) bar.value = (now.loaded / now.total) * 100;
  });
  request.addEventListener("load", () => arrived(request, form, failed));
  request.addEventListener("error", () => failed());
  request.open("POST", form.action);
  request.send(new FormData(form));
}

/** The answer takes this page's place: a new address when there is one, else its text. A form that is shown
 * again at an address of its own takes this one's place in the history too: going back leads there. */
function arrived(request, form, failed) {
  const there = new URL(request.responseURL, location.href);
  const again = there.searchParams.has("again");
  if (again || (request.status === 200 && there.pathname !== new URL(form.action).pathname)) {
    if (again) location.replace(there);
    else location.assign(there);
    return;
  }
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const main = page.querySelector("main");
  if (!main || (request.status >= 400 && !main.querySelector("form[data-bits]"))) {
    failed(main?.querySelector(".summary h2, h1")?.textContent);
    return;
  }
  document.title = page.title;
  const chosen = form.elements.evidence;
  document.querySelector("main").replaceWith(document.adoptNode(main));
  keepFiles(main, chosen);
  for (const next of main.querySelectorAll("form[data-bits]")) prepare(next);
  guardForms(main);
  (main.querySelector("[role=alert], [role=status] h2") ?? main).focus?.();
  scrollTo(0, 0);
}

/** The files that were chosen stay chosen, unless they were what was wrong, or the gateway holds them. */
function keepFiles(main, chosen) {
  const field = main.querySelector("input[type=file]");
  if (!field || !main.querySelector(".summary") || main.querySelector("#f-evidence-fault, #f-evidence-kept")) return;
  field.files = chosen.files;
  main.querySelector("#f-evidence-again")?.remove();
}

// /desk/entry: a visit or a letter becomes an item. Files go with it in one request; its key is kept until the
// receipt is here, so that a second press after a lost answer gives the same receipt. What is typed stays in this tab
// until then, over a reload and a lost server.
import "./file_button.js";
import { Problem } from "./desk_server.js";
import { logInAgain, renewed, session } from "./desk_session.js";
import { forget, store, stored } from "./kept_words.js";
import { $, button, lang, make, spaced, told, w, when } from "./desk_parts.js";
import { asItem, markFaults, put, typed } from "./case_form.js";

const WRITTEN = ["email", "id_type", "id_number", "came_by"];
const kinds = $("draft").querySelectorAll("[name=kind]");
const KEPT = "entry";
let key = crypto.randomUUID();

// The key stands beside what is typed: sent again after a reload, it is still the same entry.
function keep() {
  store(KEPT, { key, said: typed($("draft")) });
}

function restore() {
  const kept = stored(KEPT);
  if (!kept) return;
  ({ key } = kept);
  const { evidence, ...said } = kept.said; // a page may not choose files again
  put($("draft"), said);
}
restore();
$("draft").addEventListener("input", keep);
$("draft").addEventListener("change", keep);

function wish() {
  const said = typed($("draft"));
  const sent = { ...asItem(said), channel: said.channel };
  for (const name of WRITTEN) if (said[name]?.trim()) sent[name] = said[name].trim();
  for (const name of ["received_at", "letter_date", "postmark_date"]) if (said[name]) sent[name] = said[name];
  if (said.channel !== "letter") for (const name of ["came_by", "letter_date", "postmark_date"]) delete sent[name];
  if (said.anonymous) sent.anonymous = true;
  if (said.also && ["complaint", "report"].includes(said.kind)) sent.also = said.kind === "complaint" ? "report" : "complaint";
  return sent;
}

// As a form, member by member, since files come along.
function body(sent) {
  const form = new FormData();
  for (const [name, value] of Object.entries(sent)) for (const one of [value].flat()) form.append(name, String(one));
  for (const file of $("evidence").files) form.append("evidence", file);
  return form;
}

// One file can be taken out: a bad one does not cost the choice of the others.
function showChosen() {
  const files = [...$("evidence").files];
  $("chosen").replaceChildren(
    ...files.map((file) => {
      const row = make("li", `${file.name} `);
      row.append(button(w("take_out"), () => take(files.filter((one) => one !== file))));
      return row;
    }),
  );
}

function take(files) {
  const left = new DataTransfer();
  for (const file of files) left.items.add(file);
  $("evidence").files = left.files;
  showChosen();
}
$("evidence").addEventListener("change", showChosen);

// XMLHttpRequest, for it alone tells how much of a scan has gone.
function send(form) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/counter");
    request.setRequestHeader("X-CSRF-Token", session.csrf);
    request.setRequestHeader("Idempotency-Key", key);
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      $("progress").hidden = false;
      $("progress").value = total ? loaded / total : 0;
    });
    request.addEventListener("load", () => (request.status < 300 ? done(request.response) : failed(new Problem(request.status, request.response))));
    request.addEventListener("error", () => failed(Object.assign(new Error(w("unreachable")), { faults: [] })));
    request.send(form);
  });
}

// A session that is over is renewed over the page, then the same is sent again.
async function deliver(form) {
  try {
    return await send(form);
  } catch (problem) {
    if (problem.status === 401) await logInAgain();
    else if (problem.status !== 403 || !(await renewed())) throw problem;
    return send(form);
  }
}

$("draft").addEventListener("submit", async (event) => {
  event.preventDefault();
  const sent = wish();
  if (!isWhole(sent)) return;
  $("send").disabled = true;
  $("fault").textContent = "";
  try {
    showReceipt(await deliver(body(sent)));
  } catch (problem) {
    $("fault").textContent = told(problem);
    markFaults($("draft"), problem.faults, lang);
    if (problem.status && problem.status < 500) key = crypto.randomUUID(); // it was refused whole: what is sent next is another
    keep();
  }
  $("progress").hidden = true;
  $("send").disabled = false;
});

// What every entry needs is asked for before anything is sent, and the cursor goes to the first of it.
function isWhole(sent) {
  const faults = ["kind", "content"].filter((name) => !sent[name]).map((field) => ({ field, [lang]: w(`missing.${field}`) }));
  $("fault").textContent = faults.map((fault) => fault[lang]).join(lang === "zh" ? "；" : "; ");
  markFaults($("draft"), faults, lang);
  return !faults.length;
}

function showReceipt(receipt) {
  forget(KEPT);
  const rows = [receipt, receipt.also].filter(Boolean).flatMap((one) => {
    const clocks = one.due.map((due) => `${due.on}${due.provisional ? ` ${w("provisional")}` : ""} ${w(`clock.${due.clock}`)}`).join("\n");
    const form = Object.assign(make("a", w("form"), "button"), { href: `/api/v1/queue/${one.number}/form`, target: "_blank" });
    return [pair(w("number"), spaced(one.number)), pair(w("code"), one.query_code), pair(w("received"), when(one.received_at)), pair(w("due"), clocks), pair(w("paper"), form)];
  });
  $("receipt-rows").replaceChildren(...rows);
  $("receipt").hidden = false;
  $("draft").hidden = true;
  document.body.dataset.made = receipt.number;
  $("again").focus();
}

function pair(name, text) {
  const line = make("div");
  const said = make("dd");
  said.append(text);
  line.append(make("dt", name), said);
  return line;
}

const again = button(w("another"), () => {
  key = crypto.randomUUID();
  $("draft").reset();
  showChosen();
  $("draft").hidden = false;
  $("receipt").hidden = true;
  showChannel();
  kinds[0].focus();
}, "main");
again.id = "again";
$("receipt").append(again);

function showChannel() {
  const letter = $("draft").elements.channel.value === "letter";
  $("of-letter").hidden = !letter;
}
for (const one of $("draft").querySelectorAll("[name=channel]")) one.addEventListener("change", showChannel);
showChannel();
// Keys as in a call: Alt+1, 2, 3 choose the kind and go on to the content; F10 registers.
function doesOf({ key: name, altKey }) {
  if ($("draft").hidden) return null;
  if (name === "F10") return () => $("draft").requestSubmit();
  if (altKey && /^[1-3]$/.test(name)) return () => (kinds[name - 1].click(), $("d-content").focus());
  return null;
}
document.addEventListener("keydown", (event) => {
  const does = doesOf(event);
  if (!does) return;
  event.preventDefault();
  does();
});

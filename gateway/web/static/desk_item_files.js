// What came with an item: files, pictures, sound; and files that the house adds.
import "./file_button.js";
import { current, part, show } from "./desk_item.js";
import { ask, Problem } from "./desk_server.js";
import { tell } from "./desk_now.js";
import { $, button, make, path, role, told, w } from "./desk_parts.js";

const { openers } = JSON.parse(document.body.dataset.item);
const PLAYED = /^(audio|video)\//;
const PICTURE = /^image\/(jpeg|png|webp|gif)$/;
// What a report arrived as tells who made it: gateway/web/api/sealed.py.
const SEALED = ["raw", "body", "recording", "message", "page", "pdf"];
const REASON = 4; // characters

const isSealed = ({ kind, attachments, call_id }) => kind === "report" && Boolean(call_id || attachments.some((file) => SEALED.includes(file.role)));

// Where a sealed file is, with the reason that was given: gateway/web/api/sealed.py asks for it.
const reason = () => $("sealed-why").value.trim();
const because = (source) => (reason() ? `${source}?${new URLSearchParams({ reason: reason() })}` : source);

part((one, another) => {
  if (another) $("sealed-why").value = "";
  $("sealed-why-box").hidden = !(isSealed(one) && openers.includes(role));
  showFiles(one);
  $("item-sound").hidden = true;
  if (one.call_id) showSound(one.call_id);
  if (another) $("files-fault").textContent = "";
});

$("sealed-why").addEventListener("change", () => {
  if (!current()) return;
  showFiles(current());
  if (current().call_id) showSound(current().call_id);
});

// The original first: it is what was really sent.
function showFiles({ number, kind, attachments }) {
  $("item-picture").hidden = true;
  $("item-files-box").hidden = !attachments.length;
  const files = [...attachments].sort((a, b) => (b.role === "raw") - (a.role === "raw"));
  $("item-files").replaceChildren(...files.map((file) => fileRow(number, kind, file)));
}

function fileRow(number, kind, file) {
  const row = make("li");
  const sealed = kind === "report" && SEALED.includes(file.role);
  const plain = `/api/v1/queue/${number}/attachments/${file.sha256}`;
  const source = sealed ? because(plain) : plain;
  if (sealed && !(openers.includes(role) && reason().length >= REASON)) {
    row.append(make("span", w(`role.${file.role}`), "tag"), make("span", w(openers.includes(role) ? "sealed_reason" : "sealed_file"), "soft"));
    return row;
  }
  const link = Object.assign(make("a", file.name || w(`role.${file.role}`)), { href: source, download: "" });
  row.append(make("span", w(`role.${file.role}`), "tag"), " ", link, make("span", ` ${size(file.size)} `, "soft"));
  if (PICTURE.test(file.media_type) && file.role !== "quarantined") row.append(button(w("look"), () => showPicture(source, file.name)));
  const played = PLAYED.exec(file.media_type)?.[1];
  if (played && file.role !== "quarantined") row.append(Object.assign(make(played), { src: source, controls: true, preload: "none" }));
  return row;
}

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

// Each look stands in the audit log, so a picture is fetched when it is asked for.
function showPicture(source, name) {
  const same = !$("item-picture").hidden && $("item-picture").getAttribute("src") === source;
  $("item-picture").hidden = same;
  if (!same) Object.assign($("item-picture"), { src: source, alt: name });
}

// So does who listened: the sound is fetched when it is played.
function showSound(call) {
  $("peaks").onload = () => ($("item-sound").hidden = current()?.call_id !== call);
  $("peaks").src = because(`/api/v1/calls/${path(call)}/peaks`);
  $("sound").src = because(`/api/v1/calls/${path(call)}/recording`);
}

// ------------------------------------------------------------ files of the house

$("new-files").addEventListener("change", async () => {
  const { number } = current();
  const form = new FormData();
  for (const file of $("new-files").files) form.append("evidence", file);
  $("files-fault").textContent = "";
  try {
    await send(number, form);
    $("new-files").value = "";
    if (current()?.number === number) show(await ask("GET", `queue/${number}`));
    tell("changed");
  } catch (problem) {
    $("files-fault").textContent = told(problem);
  }
});

async function send(number, form) {
  const headers = { "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content };
  const answer = await fetch(`/api/v1/queue/${number}/files`, { method: "POST", headers, body: form });
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => null));
}

$("add-files").addEventListener("submit", (event) => event.preventDefault());

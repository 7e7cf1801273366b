// Files of an item as rows, with what is sealed told apart; for the desk and for the page of a unit.
import { Problem } from "./desk_server.js";
import { button, make, path, w } from "./desk_parts.js";

const PLAYED = /^(audio|video)\//;
const PICTURE = /^image\/(jpeg|png|webp|gif)$/;
// What a report arrived as tells who made it: gateway/web/api/sealed.py.
const SEALED = ["raw", "body", "recording", "message", "page", "pdf"];
const REASON = 4; // characters

export const isSealed = ({ kind, attachments, call_id }) => kind === "report" && Boolean(call_id || attachments.some((file) => SEALED.includes(file.role)));

// Where a sealed file is, with the reason that was given: gateway/web/api/sealed.py asks for it.
const because = (source, reason) => (reason ? `${source}?${new URLSearchParams({ reason })}` : source);

// The rows of an item's files, the original first: it is what was really sent. `opener`: whoever looks may learn who
// a reporter is, for the `reason`; `look(source, name)` shows a picture.
export function fileRows({ number, kind, attachments }, { opener, reason, look }) {
  const files = [...attachments].sort((a, b) => (b.role === "raw") - (a.role === "raw"));
  return files.map((file) => fileRow(number, kind, file, opener, reason, look));
}

function fileRow(number, kind, file, opener, reason, look) {
  const row = make("li");
  const sealed = kind === "report" && SEALED.includes(file.role);
  const plain = `/api/v1/queue/${number}/attachments/${file.sha256}`;
  const source = sealed ? because(plain, reason) : plain;
  if (sealed && !(opener && reason.length >= REASON)) {
    row.append(make("span", w(`role.${file.role}`), "tag"), make("span", w(opener ? "sealed_reason" : "sealed_file"), "soft"));
    return row;
  }
  const link = Object.assign(make("a", file.name || w(`role.${file.role}`)), { href: source, download: "" });
  row.append(make("span", w(`role.${file.role}`), "tag"), " ", link, make("span", ` ${size(file.size)} `, "soft"));
  if (look && PICTURE.test(file.media_type) && file.role !== "quarantined") row.append(button(w("look"), () => look(source, file.name)));
  const played = PLAYED.exec(file.media_type)?.[1];
  if (played && file.role !== "quarantined") row.append(player(played, source));
  return row;
}

// What the browser cannot play (AMR, some films of phones) is there to be downloaded.
function player(kind, source) {
  const made = Object.assign(make(kind), { src: source, controls: true, preload: "none" });
  made.addEventListener("error", () => made.replaceWith(make("span", w("not_played"), "soft")));
  return made;
}

const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

// Each look stands in the audit log, so a picture is fetched when it is asked for.
export function showPicture(picture, source, name) {
  const same = !picture.hidden && picture.getAttribute("src") === source;
  picture.hidden = same;
  if (!same) Object.assign(picture, { src: source, alt: name });
}

// So does who listened: the sound is fetched when it is played. `there` is called once the recording is found.
export function showSound(peaks, sound, call, reason, there) {
  peaks.onload = there;
  peaks.src = because(`/api/v1/calls/${path(call)}/peaks`, reason);
  sound.src = because(`/api/v1/calls/${path(call)}/recording`, reason);
}

// Puts files beside an item, and gives what it has then. Throws Problem.
export async function sendFiles(number, files) {
  const form = new FormData();
  for (const file of files) form.append("evidence", file);
  const headers = { "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content };
  const answer = await fetch(`/api/v1/queue/${number}/files`, { method: "POST", headers, body: form });
  const given = await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem(answer.status, given);
  return given.attachments;
}

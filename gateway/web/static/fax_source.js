// What an item that is no fax came as, left of its form: a mail's text and files, or the player with a message.
import { $, make, w } from "./desk_parts.js";

const PICTURE = /^image\/(jpeg|png|webp|gif)$/;

// `because` adds the reason for which originals of a report are opened.
export function showSource({ number, content, attachments, kind }, because) {
  const sealed = (file) => kind === "report" && file.role !== "evidence";
  const source = (file) => {
    const plain = `/api/v1/queue/${number}/attachments/${file.sha256}`;
    return sealed(file) ? because(plain) : plain;
  };
  $("source-text").textContent = content;
  $("source-files").replaceChildren(...attachments.map((file) => row(file, source(file))));
  $("source").hidden = false;
}

function row(file, source) {
  const line = make("li");
  const link = Object.assign(make("a", file.name || w(`role.${file.role}`)), { href: source, download: "" });
  line.append(make("span", w(`role.${file.role}`), "tag"), " ", link);
  if (file.role === "quarantined") return line;
  if (file.media_type.startsWith("audio/")) line.append(Object.assign(make("audio"), { src: source, controls: true, preload: "none" }));
  if (PICTURE.test(file.media_type)) line.append(picture(file, source));
  return line;
}

// Each look stands in the audit log, so a picture is fetched when it is asked for.
function picture(file, source) {
  const box = make("details");
  const image = Object.assign(make("img"), { alt: file.name });
  box.append(make("summary", w("look")), image);
  box.addEventListener("toggle", () => box.open && (image.src = source), { once: true });
  return box;
}

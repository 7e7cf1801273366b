// Files go up as soon as they are chosen, in pieces that are resumed after a break of the line; each shows its
// progress and, where the browser can, its picture, film or sound. The form then names them by their places.

const SMALLEST = 32 << 10;
const LARGEST = 1 << 20;
const GOOD = 2000; // milliseconds: pieces that take less grow
const PAUSES = [500, 1000, 2000, 4000, 8000]; // milliseconds before a piece is tried again
const going = new WeakMap();

/** Take files as they are chosen. */
export function uploads(form) {
  const field = form.elements.evidence;
  if (!field?.matches("[data-words]")) return;
  going.set(form, new Set());
  field.addEventListener("change", () => {
    const chosen = [...field.files];
    field.value = "";
    for (const file of chosen) begin(form, field, file);
  });
}

/** Wait for what is on its way: true when all of it arrived, false when something needs the reader, who is
 * stopped once by a file that was not taken. */
export async function arrivedAll(form) {
  const whole = (await Promise.all(going.get(form) ?? [])).every(Boolean);
  const told = form.querySelector("#f-evidence-fault.new");
  told?.classList.remove("new");
  told?.focus();
  return whole && !told;
}

function begin(form, field, file) {
  const words = JSON.parse(field.dataset.words);
  const row = rowOf(form, field, file, words);
  const running = going.get(form);
  const run = () => {
    const work = send(form, file, row, words).finally(() => running.delete(work));
    running.add(work);
  };
  row.again.addEventListener("click", run);
  run();
}

async function send(form, file, row, words) {
  row.again.hidden = true;
  row.bar.hidden = false;
  row.said.textContent = words.going;
  const answer = await pieces(form, file, row);
  row.bar.hidden = true;
  if (answer.place !== null && answer.place !== undefined) {
    row.box.value = answer.place;
    row.box.disabled = false;
    row.box.checked = true;
    row.said.textContent = words.done;
    return true;
  }
  if (row.gone) return true;
  row.said.textContent = "";
  if (answer.fault && !answer.later) {
    fault(form, answer.fault, answer.type);
    if (answer.type) nameIt(form, file);
    row.remove();
    return answer.type; // one of a wrong type goes with the form, and the answer to that names it
  }
  row.said.textContent = answer.fault || words.failed;
  row.again.hidden = false;
  return false;
}

/** Piece by piece from where the server stands. `{place}`, or `{fault, later}`. */
async function pieces(form, file, row) {
  const address = `/upload/${row.id}`;
  const headers = { "Upload-Pass": form.elements.pass.value };
  const about = { ...headers, "Upload-Name": encodeURIComponent(file.name), "Upload-Length": file.size };
  let offset = 0;
  let length = LARGEST / 4;
  for (let broken = 0; broken < PAUSES.length && !row.gone; ) {
    try {
      const began = performance.now();
      const body = file.slice(offset, offset + length);
      const response = await fetch(address, { method: "PATCH", body, headers: { ...about, "Upload-Offset": offset } });
      const told = await response.json().catch(() => ({}));
      if (response.ok || response.status === 409) {
        if (told.place !== null) return told;
        if (told.offset > offset) broken = 0;
        offset = told.offset;
        row.bar.value = (100 * offset) / file.size;
        if (performance.now() - began < GOOD) length = Math.min(LARGEST, length * 2);
        continue;
      }
      if ([400, 403, 413, 415, 422].includes(response.status)) return { fault: told.fault ?? "", type: response.status === 415 };
      if (broken === PAUSES.length - 1) return { fault: told.fault ?? "", later: true };
    } catch {
      length = Math.max(SMALLEST, length / 2);
    }
    await new Promise((done) => setTimeout(done, PAUSES[broken++]));
    offset = await stood(address, headers, offset);
  }
  return { later: true };
}

async function stood(address, headers, before) {
  try {
    const response = await fetch(address, { headers });
    return response.ok ? (await response.json()).offset : before;
  } catch {
    return before;
  }
}

/** A line for one file in the list of those that are here. */
function rowOf(form, field, file, words) {
  const list = listOf(form, field, words);
  const line = Object.assign(document.createElement("div"), { className: "file" });
  const label = Object.assign(document.createElement("label"), { className: "way" });
  const box = Object.assign(document.createElement("input"), { type: "checkbox", name: "kept", disabled: true });
  label.append(box, ` ${file.name}`);
  const said = Object.assign(document.createElement("span"), { className: "hint" });
  said.setAttribute("role", "status");
  const bar = Object.assign(document.createElement("progress"), { max: 100, value: 0 });
  bar.setAttribute("aria-label", `${words.progress} ${file.name}`);
  const again = Object.assign(document.createElement("button"), { type: "button", className: "plain-link", textContent: words.again, hidden: true });
  const away = Object.assign(document.createElement("button"), { type: "button", className: "plain-link", textContent: words.remove });
  away.setAttribute("aria-label", `${words.remove} ${file.name}`);
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const row = { id, box, said, bar, again, gone: false };
  row.remove = () => {
    row.gone = true;
    line.remove();
    if (!list.querySelector("input")) list.remove();
  };
  away.addEventListener("click", () => {
    row.remove();
    field.focus();
  });
  line.append(label, said, bar, again, away, ...seen(file));
  list.append(line);
  return row;
}

function listOf(form, field, words) {
  const there = document.getElementById("f-evidence-kept");
  if (there) return there;
  const list = Object.assign(document.createElement("fieldset"), { className: "kept", id: "f-evidence-kept" });
  list.append(Object.assign(document.createElement("legend"), { textContent: words.chosen }));
  field.before(list);
  return list;
}

/** The picture, film or sound, where this browser can show it. */
function seen(file) {
  const family = /^(image|video|audio)\//.exec(file.type)?.[1];
  if (!family) return [];
  const shown = document.createElement({ image: "img", video: "video", audio: "audio" }[family]);
  shown.className = "seen";
  if (family === "image") shown.alt = "";
  else shown.controls = true;
  shown.addEventListener("error", () => shown.remove());
  shown.src = URL.createObjectURL(file);
  return [shown];
}

/** The beginning of a file of a wrong type goes with the form, so that the server's list of faults names it. */
function nameIt(form, file) {
  const files = new DataTransfer();
  for (const one of form.elements.evidence.files) files.items.add(one);
  files.items.add(new File([file.slice(0, 4096)], file.name, { type: file.type }));
  form.elements.evidence.files = files.files;
}

function fault(form, text, named) {
  const field = form.elements.evidence;
  const told = document.getElementById("f-evidence-fault") ?? Object.assign(document.createElement("p"), { className: "fault", id: "f-evidence-fault" });
  told.setAttribute("role", "alert");
  const before = told.textContent.replace(/^! /, "");
  told.textContent = `! ${[before, text].filter(Boolean).join("；")}`;
  told.classList.toggle("new", !named);
  told.tabIndex = -1;
  field.before(told);
  field.setAttribute("aria-describedby", `${told.id} f-evidence-hint`);
}

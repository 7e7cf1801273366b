// The pages of a fax item: looked at, put in order, parted and joined; what was read is offered beside them.
// Everything that came from outside is set as text, never as markup.
import { ask } from "./desk_server.js";
import { asItem, emptied, isChanged, markFaults, put, renew, saidIn, typed } from "./case_form.js";
import { forget, keepWords, store, stored } from "./kept_words.js";
import { $, alarm, lang, make, told, w, when } from "./desk_parts.js";
import { showSource } from "./fax_source.js";

const { number } = document.body.dataset;
const CONFLICT = 409;
const FIELDS = { name: "name", phone: "phone", amount: "amount", date: "occurred_on", respondent: "respondent_name" };

let pages = [];
let at = 0;
let zoom = 0; // 0: as wide as there is room
let chosen = new Set();
let before = { claims: [] }; // what the item said when the form was filled
let version = ""; // that of the item then
let again = 0; // looks once more while pages are being read
let reason = ""; // why sealed pages have to be seen
let call = ""; // whose line was recorded
let sealed = ""; // the word that says why they are not shown

const KEPT = `item:${number}:write-up`
$("draft").addEventListener("input", () => store(KEPT, { said: typed($("draft")), before }));

const joins = keepWords($("join"), () => `join:${number}`);
const why = keepWords($("sealed"), () => `sealed:${number}`);
joins.restore();
why.restore();

const name = (page) => `${page.fax}/${page.page}`;
// The pages of a report are shown for a reason: gateway/web/api/sealed.py.
const because = (source) => (reason ? `${source}?${new URLSearchParams({ reason })}` : source);
const picture = (page) => because(`/api/v1/queue/${page.number}/attachments/${page.sha256}`);

// ------------------------------------------------------------ what is shown

function showLeaves() {
  $("leaves").replaceChildren(
    ...pages.map((page, place) => {
      const row = make("li");
      const open = make("button");
      const image = Object.assign(make("img"), { src: picture(page), alt: "", loading: "lazy" });
      image.style.transform = `rotate(${page.turned}deg)`;
      open.type = "button";
      open.append(image, make("span", w("page", place + 1)));
      open.addEventListener("click", () => go(place));
      if (place === at) open.setAttribute("aria-current", "true");
      const box = Object.assign(make("input"), { type: "checkbox", checked: chosen.has(name(page)), ariaLabel: w("select", place + 1) });
      box.addEventListener("change", () => {
        if (box.checked) chosen.add(name(page));
        else chosen.delete(name(page));
        showChosen();
      });
      row.append(open, box);
      return row;
    }),
  );
  showChosen();
}

function showChosen() {
  $("split").disabled = !chosen.size || chosen.size === pages.length;
}

function showPage() {
  const page = pages[at];
  $("none").hidden = Boolean(page) || (document.body.dataset.arrived === "other" && !sealed);
  $("frame").hidden = !page;
  if (!page) {
    $("none").textContent = w(sealed || "no_pages");
    return;
  }
  const across = page.turned % 180 !== 0;
  const room = $("view").clientWidth - 24;
  const [wide, high] = across ? [page.height, page.width] : [page.width, page.height];
  const scale = zoom || room / wide;
  Object.assign($("frame").style, { width: `${wide * scale}px`, height: `${high * scale}px` });
  Object.assign($("sheet").style, {
    width: `${page.width * scale}px`,
    height: `${page.height * scale}px`,
    transform: `translate(-50%, -50%) rotate(${page.turned}deg)`,
  });
  if ($("picture").getAttribute("src") !== picture(page)) $("picture").src = picture(page);
  $("picture").alt = w("page", at + 1) + (page.turned ? `, ${w("turned_by", page.turned)}` : "");
  $("boxes").replaceChildren();
  $("at").textContent = `${at + 1} / ${pages.length}`;
  document.body.dataset.page = String(at + 1);
  document.body.dataset.turned = String(page.turned);
  showRead(page);
}

function showBox(page, [x, y, width, height]) {
  const box = make("div");
  const part = (length, whole) => `${(100 * length) / whole}%`;
  Object.assign(box.style, { left: part(x, page.width), top: part(y, page.height), width: part(width, page.width), height: part(height, page.height) });
  $("boxes").replaceChildren(box);
}

function showRead(page) {
  const pointing = (element, box) => {
    for (const event of ["mouseenter", "focus"]) element.addEventListener(event, () => showBox(page, box));
    for (const event of ["mouseleave", "blur"]) element.addEventListener(event, () => $("boxes").replaceChildren());
  };
  $("lines").replaceChildren(
    ...page.lines.map((line) => {
      const row = make("li");
      [...line.text].forEach((sign, place) => row.append(line.unsure.includes(place) ? make("mark", sign) : sign));
      pointing(row, line.box);
      return row;
    }),
  );
  $("reading").textContent = page.lines.length ? w("unsure") : w(`reading.${page.reading}`);
  $("use").hidden = !pages.some((one) => one.text);
  $("hints").replaceChildren(
    ...page.hints.map((hint) => {
      const row = make("li");
      const button = make("button");
      button.type = "button";
      button.append(make("b", w(`field.${hint.field}`)), hint.value);
      button.addEventListener("click", () => take(hint));
      pointing(button, hint.box);
      row.append(button);
      return row;
    }),
  );
}

// A suggestion goes into a field by a press, and into the record only with the form.
function take(hint) {
  if (hint.field === "number") {
    $("into").value = hint.value;
    $("into").focus();
    return;
  }
  put($("draft"), { ...typed($("draft")), [FIELDS[hint.field]]: hint.value });
}

function go(place) {
  at = Math.min(pages.length - 1, Math.max(0, place));
  showLeaves();
  showPage();
  $("view").scrollTo(0, 0);
}

function larger(by) {
  const page = pages[at];
  const now = zoom || parseFloat($("frame").style.width) / (page.turned % 180 ? page.height : page.width);
  zoom = Math.min(3, Math.max(0.1, now * by));
  showPage();
}

// ------------------------------------------------------------ what is changed

async function trying(does) {
  alarm("");
  try {
    await does();
  } catch (problem) {
    alarm(told(problem));
  }
}

const arrange = () =>
  trying(async () => {
    const shown = pages[at];
    const order = pages.map(({ fax, page, turned }) => ({ fax, page, turned }));
    ({ pages } = await ask("POST", because(`queue/${number}/fax-pages`), { pages: order }));
    at = Math.max(0, pages.findIndex((one) => name(one) === name(shown)));
    showLeaves();
    showPage();
  });

function turn() {
  pages[at].turned = (pages[at].turned + 90) % 360;
  return arrange();
}

function shift(by) {
  const to = at + by;
  if (to < 0 || to >= pages.length) return;
  [pages[at], pages[to]] = [pages[to], pages[at]];
  at = to;
  arrange();
}

const split = () =>
  trying(async () => {
    const leaving = pages.filter((page) => chosen.has(name(page))).map(({ fax, page }) => ({ fax, page }));
    const made = await ask("POST", because(`queue/${number}/fax-split`), { pages: leaving });
    chosen = new Set();
    await read();
    document.body.dataset.made = made.number;
    alarm("");
    $("facts").textContent = w("parted");
    const open = Object.assign(make("a", made.number), { href: `/desk/fax/${made.number}` });
    $("facts").append(open);
  });

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  trying(async () => {
    const into = $("into").value.replace(/\D/g, "");
    await ask("POST", `queue/${number}/merge`, { into, text: "" });
    joins.sent();
    location.href = `/desk/fax/${into}`;
  });
});

$("draft").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("fault").textContent = "";
  $("saved").textContent = "";
  const said = typed($("draft"));
  markFaults($("draft"), [], lang);
  if (!said.kind || !said.content?.trim()) {
    $("fault").textContent = w("missing");
    return;
  }
  try {
    await ask("POST", "queue/claim", { number });
    ({ version } = await ask("POST", `queue/${number}/write-up`, { ...asItem(said), version, blank: emptied(before, said) }));
    before = said;
    forget(KEPT);
    $("saved").textContent = w("saved_item");
    document.body.dataset.saved = "yes";
  } catch (problem) {
    $("fault").textContent = told(problem);
    markFaults($("draft"), problem.faults, lang);
    if (problem.status === CONFLICT) await trying(async () => changedMeanwhile(await ask("GET", `queue/${number}`)));
  }
});

// Nothing that somebody else wrote is written over unseen: what differs stands beside its field.
function changedMeanwhile(item) {
  if (item.version === version) return; // it was refused for something else
  const fresh = saidIn(item);
  const both = renew($("draft"), before, fresh);
  [before, version] = [fresh, item.version];
  $("fault").textContent = w("changed_meanwhile");
  markFaults($("draft"), both.map((field) => ({ field, [lang]: w("says_now", fresh[field]) })), lang);
}

$("use").addEventListener("click", () => put($("draft"), { ...typed($("draft")), content: pages.map((page) => page.text).filter(Boolean).join("\n") }));

// ------------------------------------------------------------ on paper

async function toPaper() {
  const sheets = await Promise.all(
    pages.map(async (page) => {
      const image = Object.assign(new Image(), { src: picture(page) });
      await image.decode();
      const across = page.turned % 180 !== 0;
      const canvas = Object.assign(make("canvas"), { width: across ? page.height : page.width, height: across ? page.width : page.height });
      const on = canvas.getContext("2d");
      on.translate(canvas.width / 2, canvas.height / 2);
      on.rotate((page.turned * Math.PI) / 180);
      on.drawImage(image, -page.width / 2, -page.height / 2, page.width, page.height);
      return canvas;
    }),
  );
  $("paper").replaceChildren(...sheets);
  document.body.dataset.paper = String(sheets.length);
  print();
}

// ------------------------------------------------------------ the beginning

async function read() {
  clearTimeout(again);
  try {
    ({ pages } = await ask("GET", because(`queue/${number}/fax-pages`)));
    sealed = "";
  } catch (problem) {
    const wanted = problem.faults?.some((one) => one.field === "reason");
    if (problem.status !== 403 && !wanted) throw problem;
    pages = [];
    sealed = wanted ? "sealed_reason" : "sealed_file";
  }
  $("sealed").hidden = sealed !== "sealed_reason";
  if (pages.some((page) => page.reading === "waiting")) again = setTimeout(() => trying(read), 3000);
  at = Math.min(at, Math.max(0, pages.length - 1));
  showLeaves();
  showPage();
}

$("sealed").addEventListener("submit", (event) => {
  event.preventDefault();
  reason = $("sealed-why").value.trim();
  trying(async () => {
    await begin();
    why.sent();
  });
});

function showSound() {
  if (!call || sealed) return;
  $("peaks").onload = () => ($("sound-box").hidden = false);
  $("peaks").src = because(`/api/v1/calls/${encodeURIComponent(call)}/peaks`);
  $("sound").src = because(`/api/v1/calls/${encodeURIComponent(call)}/recording`);
}

async function begin() {
  const item = await ask("GET", `queue/${number}`);
  const facts = [w(`kind.${item.kind}`), w(`task.${item.task}`), w(`item.${item.state}`), when(item.received_at)];
  $("facts").textContent = facts.filter(Boolean).join(" · ");
  const kept = stored(KEPT);
  before = kept?.before || saidIn(item);
  put($("draft"), kept?.said || before);
  if (isChanged(before, saidIn(item))) changedMeanwhile(item); // what was typed may be older than the item
  version = item.version;
  call = item.call_id;
  await read();
  const isFax = item.channel === "fax" || pages.length > 0;
  document.body.dataset.arrived = isFax ? "fax" : "other";
  if (isFax) $("sound-place").append($("sound-box"));
  else if (!sealed) showSource(item, because);
  showPage();
  showSound();
  document.body.dataset.known = "yes";
}

const ACTS = {
  previous: () => go(at - 1),
  next: () => go(at + 1),
  smaller: () => larger(0.8),
  larger: () => larger(1.25),
  fit: () => ((zoom = 0), showPage()),
  turn,
  earlier: () => shift(-1),
  later: () => shift(1),
  print: () => trying(toPaper),
  split,
};
const KEYS = { ArrowLeft: "previous", ArrowRight: "next", "-": "smaller", "+": "larger", "=": "larger", 0: "fit", r: "turn", "[": "earlier", "]": "later", p: "print" };
for (const [id, does] of Object.entries(ACTS)) $(id).addEventListener("click", () => pages.length && does());
document.addEventListener("keydown", (event) => {
  if (event.key === "F10") {
    event.preventDefault();
    $("draft").requestSubmit();
  }
  if (event.target.closest("input, textarea, select, audio") || event.ctrlKey || event.metaKey || event.altKey) return;
  const id = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!id || !pages.length) return;
  event.preventDefault();
  ACTS[id]();
});
addEventListener("resize", showPage);
trying(begin);

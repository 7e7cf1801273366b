// One item at the desk: what it says, what came with it, what it is tied to, and what may be done to it.
import { ask } from "./desk_server.js";
import { leaveDraft } from "./desk_call_form.js";
import { now, show as showPart, tell } from "./desk_now.js";
import { $, agent, alarm, button, lang, make, path, role, seat, spaced, sure, today, told, w, when } from "./desk_parts.js";

const { grounds, openers, zone } = JSON.parse(document.body.dataset.item);
const OWN = ["claim", "release", "complete", "merge", "unmerge"]; // have buttons of their own
const NEEDS = { refuse_acceptance: "ground", hand_over: "to", refer: "partner", fax: "fax", external: "external" };
const PICTURE = /^image\/(jpeg|png|webp|gif)$/;
const QUEUED = ["received", "in_work"];

let shown = null;

export const current = () => shown;

// Shows an item of the list, of the address, or one that another names.
export async function openItem(number) {
  await leaveDraft();
  try {
    show(await ask("GET", `queue/${number}`));
  } catch (problem) {
    alarm(problem.message);
    return;
  }
  if (location.hash !== `#${number}`) history.pushState(null, "", `#${number}`);
  showPart("item");
}

export function leave() {
  close();
  history.pushState(null, "", now.listAddress || location.pathname);
  if (now.pop) tell("resume");
  else showPart("idle");
}

export function close() {
  shown = null;
  $("sound").removeAttribute("src");
  $("item-picture").hidden = true;
}

export function show(one) {
  const another = shown?.number !== one.number;
  shown = one;
  showFacts(one);
  if (another) $("sealed-why").value = "";
  $("sealed-why-box").hidden = !(isSealed(one) && openers.includes(role));
  showFiles(one);
  showActs(one, another);
  $("item-past").replaceChildren(...one.timeline.map((past) => make("li", pastOf(past))));
  $("item-sound").hidden = true;
  if (one.call_id) showSound(one.call_id);
  if (another) for (const id of ["item-likely", "item-ties", "item-referrals", "item-revisions"]) $(id).replaceChildren();
  showMatter(one.number);
}

function pastOf({ at, what, who, text, ...names }) {
  const received = what === "received"; // by a channel, and with something that is owed
  const said = received ? [w(`channel.${who}`).replace("channel.", ""), w(`task.${text}`).replace("task.", "")] : [who, text];
  return [when(at), names[`what_${lang}`], ...said].filter(Boolean).join(" · ");
}

// ------------------------------------------------------------ what it says

function showFacts(one) {
  const facts = [w(`channel.${one.channel}`), w(`kind.${one.kind}`), w(`task.${one.task}`), w(`item.${one.state}`), when(one.received_at)];
  if (one.holder) facts.push(`${w("by")} ${one.holder}`);
  $("item-facts").textContent = facts.filter(Boolean).join(" · ");
  $("item-number").textContent = spaced(one.number);
  const label = (id) => document.querySelector(`label[for="d-${id}"]`).textContent;
  const yes = (consent) => (consent === null ? "" : w(consent ? "yes" : "no"));
  const fields = [
    [label("name"), one.anonymous ? w("anonymous") : one.person.name],
    [label("phone"), one.person.phone],
    [w("email"), one.person.email],
    [label("address"), one.person.address],
    [label("respondent_name"), one.respondent.name],
    [label("respondent_phone"), one.respondent.phone],
    [label("respondent_address"), one.respondent.address],
    [label("content"), one.content],
    [w("claims"), one.claims.map((id) => w(`claim.${id}`).replace("claim.", "")).join("、")],
    [label("amount"), one.amount],
    [label("occurred_on"), one.occurred_on],
    [label("county"), one.county && w(`county.${one.county}`).replace("county.", "")],
    [label("subject"), one.subject && w(`category.${one.subject}`).replace("category.", "")],
    [label("problem"), one.problem && w(`category.${one.problem}`).replace("category.", "")],
    [w("publish"), yes(one.publish_consent)],
    [w("mediation"), yes(one.mediation_consent)],
    [w("due"), one.due.map((due) => [due.on, due.on < today() && w("overdue"), due.provisional && w("provisional"), w(`clock.${due.clock}`)].filter(Boolean).join(" ")).join("\n")],
  ];
  $("item-fields").replaceChildren(
    ...fields.filter(([, text]) => text).map(([name, text]) => {
      const line = make("div");
      line.append(make("dt", name), make("dd", String(text)));
      return line;
    }),
  );
  $("item-sealed").hidden = !one.withheld;
  $("unseal").hidden = $("unseal-why").hidden = $("unseal-label").hidden = !openers.includes(role);
  $("unsealed").textContent = "";
}

$("item-sealed").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const who = await ask("GET", `queue/${shown.number}/identity?${new URLSearchParams({ reason: $("unseal-why").value })}`);
    $("unsealed").textContent = [who.name, who.phone, who.email, who.address, who.id_type, who.id_number].filter(Boolean).join(" · ");
    $("unseal-why").value = "";
  } catch (problem) {
    $("unsealed").textContent = told(problem);
  }
});

// What it said before, field by field; each look stands in the audit log.
$("show-revisions").addEventListener("click", async () => {
  const { number } = shown;
  try {
    const { items } = await ask("GET", `queue/${number}/revisions`);
    if (shown?.number === number) $("item-revisions").replaceChildren(...(items.length ? items.map(revisionRow) : [make("li", w("no_revisions"))]));
  } catch (problem) {
    $("item-fault").textContent = told(problem);
  }
});

function revisionRow(one) {
  const row = make("li", [when(one.at), one[`what_${lang}`], one.who].join(" · "));
  for (const { field, before, after, withheld } of one.fields) {
    const name = document.querySelector(`label[for="d-${field}"]`)?.textContent || w(`said.${field}`).replace("said.", "");
    row.append(make("div", `${name}: ${withheld ? w("withheld") : `${before || "—"} → ${after || "—"}`}`, "soft"));
  }
  return row;
}

// ------------------------------------------------------------ what came with it

// What a report arrived as tells who made it: gateway/web/api/sealed.py.
const SEALED = ["raw", "body", "recording", "message", "page", "pdf"];

const isSealed = ({ kind, attachments, call_id }) => kind === "report" && Boolean(call_id || attachments.some((file) => SEALED.includes(file.role)));

// Where a sealed file is, with the reason that was given: gateway/web/api/sealed.py asks for it.
const REASON = 4; // characters
const reason = () => $("sealed-why").value.trim();
const because = (source) => (reason() ? `${source}?${new URLSearchParams({ reason: reason() })}` : source);
$("sealed-why").addEventListener("change", () => {
  if (!shown) return;
  showFiles(shown);
  if (shown.call_id) showSound(shown.call_id);
});

function showFiles({ number, kind, attachments }) {
  $("item-picture").hidden = true;
  $("item-files-box").hidden = !attachments.length;
  $("item-files").replaceChildren(
    ...attachments.map((file) => {
      const row = make("li");
      const sealed = kind === "report" && SEALED.includes(file.role);
      const plain = `/api/v1/queue/${number}/attachments/${file.sha256}`;
      const source = sealed ? because(plain) : plain;
      if (sealed && !(openers.includes(role) && reason().length >= REASON)) {
        row.append(make("span", w(`role.${file.role}`), "tag"), make("span", w(openers.includes(role) ? "sealed_reason" : "sealed_file"), "soft"));
        return row;
      }
      const link = Object.assign(make("a", file.name || w(`role.${file.role}`)), { href: source, download: "" });
      row.append(make("span", w(`role.${file.role}`), "tag"), link, make("span", ` ${size(file.size)} `, "soft"));
      if (PICTURE.test(file.media_type) && file.role !== "quarantined") row.append(button(w("look"), () => showPicture(source, file.name)));
      if (file.media_type.startsWith("audio/") && file.role !== "quarantined") row.append(Object.assign(make("audio"), { src: source, controls: true, preload: "none" }));
      return row;
    }),
  );
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
  $("peaks").onload = () => ($("item-sound").hidden = shown?.call_id !== call);
  $("peaks").src = because(`/api/v1/calls/${path(call)}/peaks`);
  $("sound").src = because(`/api/v1/calls/${path(call)}/recording`);
}

// ------------------------------------------------------------ what it is tied to

async function showMatter(number) {
  const [likely, matter, referrals] = await Promise.all([ask("GET", `queue/${number}/likely`), ask("GET", `queue/${number}/matter`), ask("GET", `referrals?number=${number}`)].map((one) => one.catch(() => null)));
  if (shown?.number !== number) return;
  const ties = matter?.links || [];
  const others = (likely?.items || []).filter((one) => !ties.some((tie) => tie.number === one.number));
  $("item-likely-box").hidden = !others.length;
  $("item-likely").replaceChildren(...others.map(likelyRow));
  const numbers = (matter?.externals || []).map((one) => make("li", `${w(`source.${one.source}`).replace("source.", "")} ${one.external_no} · ${when(one.at)} · ${one.who}`));
  const parent = shown.merged_into ? [mergedRow(shown.merged_into)] : [];
  const rows = [...parent, ...ties.map(tieRow), ...numbers];
  $("item-ties-box").hidden = !rows.length;
  $("item-ties").replaceChildren(...rows);
  const handed = referrals?.items || [];
  $("item-referrals-box").hidden = !handed.length;
  $("item-referrals").replaceChildren(
    ...handed.map((one) => make("li", [`${w(`direction.${one.direction}`)} ${one.partner}`, w(`referral.${one.direction === "in" ? "in." : ""}${one.state}`), one.their_number, `${w("due")} ${one.due}`, one.text].filter(Boolean).join(" · "))),
  );
  document.body.dataset.matter = number;
}

function numbered(number) {
  return button(spaced(number), () => openItem(number), "plain");
}

function likelyRow(one) {
  const row = make("li");
  const why = one.reasons.map((reason) => reason[lang]).join(lang === "zh" ? "；" : "; ");
  const about = [w(`channel.${one.channel}`), w(`kind.${one.kind}`), w(`item.${one.state}`), when(one.received_at), one.respondent_name].filter(Boolean).join(" · ");
  row.append(
    numbered(one.number),
    make("div", about, "soft"),
    make("div", why),
    button(w("tie"), () => change(`queue/${shown.number}/link`, { other: one.number, reason: why })),
    sure(w("merge_into"), () => change(`queue/${shown.number}/merge`, { into: one.number, text: why })),
  );
  return row;
}

function tieRow(one) {
  const row = make("li");
  row.append(numbered(one.number), make("span", ` ${[w(`tie.${one.link}`), w(`kind.${one.kind}`), w(`item.${one.state}`), one.reason].filter(Boolean).join(" · ")} `, "soft"));
  if (one.link === "same_matter") row.append(sure(w("untie"), () => change(`queue/${shown.number}/unlink`, { other: one.number, reason: word() || w("mistaken") })));
  return row;
}

function mergedRow(number) {
  const row = make("li");
  row.append(make("span", `${w("merged_into")} `), numbered(number), sure(w("unmerge"), () => change(`queue/${shown.number}/unmerge`, { reason: word() || w("mistaken") })));
  return row;
}

// ------------------------------------------------------------ what may be done

const word = () => $("item-word").value.trim();

function showActs(one, another) {
  const mine = one.holder === agent;
  $("claim").hidden = mine || !QUEUED.includes(one.state);
  $("complete").hidden = !mine || !one.allowed.includes("complete");
  $("addition-read").hidden = !one.has_addition || (one.holder && !mine);
  $("release").hidden = !mine || !one.allowed.includes("release");
  $("ring-back").hidden = !one.person.phone || !seat;
  $("item-form").href = `/api/v1/queue/${one.number}/form`;
  const fax = one.channel === "fax";
  $("fax-pages").hidden = !(fax || (one.kind === "unsorted" && QUEUED.includes(one.state)));
  $("fax-word").textContent = w(fax ? "look_at_fax" : "write_up");
  $("fax-pages").href = `/desk/fax/${one.number}`;
  const acts = one.allowed.filter((name) => !OWN.includes(name) && !(name === "refuse_acceptance" && one.kind !== "complaint"));
  if (QUEUED.includes(one.state) || one.state === "accepted") acts.push("refer");
  if (["complaint", "report"].includes(one.kind) && one.state !== "merged") acts.push("split");
  acts.push("fax", "external");
  const chosen = another ? "" : $("act").value;
  $("act").replaceChildren(...["", ...acts].map((name) => Object.assign(make("option", w(name ? `act.${name}` : "act")), { value: name })));
  $("act").value = acts.includes(chosen) ? chosen : "";
  const received = new Date(one.received_at).toLocaleDateString("sv", { timeZone: zone });
  const order = grounds.filter((known) => known.from <= received).at(-1) || grounds[0];
  $("act-ground").replaceChildren(...order.grounds.map(([number, text]) => Object.assign(make("option", `${number}. ${text}`), { value: number })));
  $("item-fault").textContent = "";
  if (another) $("item-word").value = "";
  showAct();
}

function showAct() {
  const need = NEEDS[$("act").value];
  for (const name of ["ground", "to", "partner", "fax", "external"]) $(`act-${name}-box`).hidden = name !== need;
  $("do").hidden = !$("act").value;
}

$("act").addEventListener("change", showAct);
$("decide").addEventListener("submit", (event) => {
  event.preventDefault();
  act($("act").value);
});

function act(name) {
  const at = (what) => `queue/${shown.number}/${what}`;
  switch (name) {
    case "refuse_acceptance":
      return change(at(name), { ground: Number($("act-ground").value), text: word() });
    case "hand_over":
      return change(at(name), { to: $("act-to").value, text: word() });
    case "wait_for_papers":
      return change(at(name), { papers: word() });
    case "hand_back":
    case "reopen":
      return change(at(name), { reason: word() });
    case "refer":
      return change(at(name), { partner: $("act-partner").value, text: word() });
    case "split":
      return change(at(name), { kind: shown.kind === "complaint" ? "report" : "complaint", content: word() });
    case "fax":
      return change(at(name), { to: $("act-fax").value.replace(/[ -]/g, ""), text: word() });
    case "external":
      return change(at(name), { external_no: $("act-external").value.trim() });
    default:
      return change(at(name), { text: word() });
  }
}

// Says it, then shows the item as it is now, whatever the answer was about.
async function change(what, body) {
  const { number } = shown;
  try {
    await ask("POST", what, body);
    const now = await ask("GET", `queue/${number}`);
    $("act").value = "";
    $("item-word").value = "";
    show(now);
    tell("changed");
  } catch (problem) {
    $("item-fault").textContent = told(problem);
  }
}

$("addition-read").addEventListener("click", () => change(`queue/${shown.number}/addition-read`, { text: word() }));
$("claim").addEventListener("click", () => change("queue/claim", { number: shown.number }));
$("complete").addEventListener("click", () => change(`queue/${shown.number}/complete`, { text: word() }));
$("release").addEventListener("click", () => change(`queue/${shown.number}/release`, { text: word() }));
$("ring-back").addEventListener("click", () => ask("POST", `queue/${shown.number}/call`).catch((problem) => ($("item-fault").textContent = problem.message)));

// Whoever has an item open keeps it: its time is made longer before it ends.
setInterval(async () => {
  if (shown?.holder !== agent || new Date(shown.lease_until) - Date.now() > 300_000) return;
  const held = await ask("POST", `queue/${shown.number}/renew`, {}).catch(() => null);
  if (held && shown?.number === held.number) shown.lease_until = held.lease_until;
}, 60_000);

ask("GET", "partners").then(
  ({ items }) => $("act-partner").replaceChildren(...items.map((one) => Object.assign(make("option", one.name), { value: one.id }))),
  () => {},
);
$("close-item").addEventListener("click", leave);

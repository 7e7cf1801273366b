// A call's draft: saved as it is typed. What cannot be sent is kept in this browser until it can. Two may write
// at once, such as an agent and the colleague whom he asked into the call: what either has typed stays.
import { ask } from "./desk_server.js";

const PAUSE = 400; // milliseconds after the last key
const AGAIN = 3000;
const WORDS = ["content", "report"]; // fields in which two may write at once

export class DraftKeeper {
  constructor(told, taken) {
    this._told = told; // told("saved" | "saving" | "kept_here" | "conflict" | "")
    this._taken = taken; // taken(text) when another page's words came into the draft
    this.call = "";
    this._version = 0;
    this._text = "";
    this._sent = "";
  }

  // The text to begin with: what was typed here and never sent goes before what the gateway has.
  open(call, { version, text }) {
    this.close();
    this.call = call;
    this._version = version;
    this._text = this._sent = text;
    const kept = localStorage.getItem(this._key());
    if (kept !== null && kept !== text) {
      this._text = kept;
      this._later(0);
    }
    this._told(text ? "saved" : "");
    return this._text;
  }

  // Is there anything that the gateway does not have yet?
  get unsent() {
    return Boolean(this.call) && this._text !== this._sent;
  }

  type(text) {
    if (!this.call || text === this._text) return;
    this._text = text;
    localStorage.setItem(this._key(), text);
    this._told("saving");
    this._later(PAUSE);
  }

  // Sends what is not sent yet, and waits for it.
  async flush() {
    clearTimeout(this._timer);
    if (this.call && this._text !== this._sent) await this._save();
  }

  // Another page saved this call's draft.
  async look(call) {
    if (call !== this.call) return;
    this._missed = this._busy; // then it looks when its own save is through
    if (this._busy) return;
    try {
      await this._take();
    } catch {
      return; // the next save looks again
    }
    if (this._text !== this._sent) this._later(PAUSE);
  }

  async _take() {
    const call = this.call;
    const { version, text } = await ask("GET", `calls/${encodeURIComponent(call)}/draft`);
    if (call !== this.call || version === this._version) return;
    // An earlier version: items were made of the draft meanwhile, and what stands here begins a new one.
    const whole = version > this._version ? both(this._sent, this._text, text) : this._text;
    const news = whole !== this._text;
    this._version = version;
    this._sent = text;
    this._text = whole;
    if (whole === text) localStorage.removeItem(this._key());
    else localStorage.setItem(this._key(), whole);
    if (news) this._taken(whole);
    this._told(whole === text ? "saved" : "conflict");
  }

  close(forget = false) {
    clearTimeout(this._timer);
    if (forget && this.call) localStorage.removeItem(this._key());
    this.call = "";
  }

  _key(call = this.call) {
    return `draft:${call}`;
  }

  // The gateway has this text now, though another call is shown.
  _forget(call, text) {
    if (localStorage.getItem(this._key(call)) === text) localStorage.removeItem(this._key(call));
  }

  _later(after) {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._save(), after);
  }

  async _save() {
    if (this._busy) return this._later(PAUSE);
    const { call, _text: text, _version: version } = this;
    this._busy = true;
    try {
      const saved = await ask("PUT", `calls/${encodeURIComponent(call)}/draft`, { version, text });
      if (call !== this.call) return this._forget(call, text);
      this._version = saved.version;
      this._sent = text;
      if (this._text === text) {
        localStorage.removeItem(this._key());
        this._told("saved");
      } else this._later(PAUSE);
    } catch (problem) {
      if (call !== this.call) return;
      if (problem.status === 409) {
        await this._take().catch(() => this._told("kept_here"));
        if (this._text !== this._sent) this._later(PAUSE);
      } else {
        this._told("kept_here");
        this._later(AGAIN);
      }
    } finally {
      this._busy = false;
      if (this._missed) this.look(this.call);
    }
  }
}

// Two texts that came of one: of each field what one of them changed; where both did, what is typed here, and of
// words the other's too.
function both(before, mine, theirs) {
  const [was, own, other] = [before, mine, theirs].map(fields);
  const changed = (side, name) => JSON.stringify(side[name] ?? "") !== JSON.stringify(was[name] ?? "");
  const whole = {};
  for (const name of new Set([...Object.keys(own), ...Object.keys(other)])) {
    if (!changed(own, name)) whole[name] = other[name] ?? "";
    else if (changed(other, name) && WORDS.includes(name)) whole[name] = joined(other[name], own[name]);
    else whole[name] = own[name] ?? "";
  }
  return JSON.stringify(whole);
}

function joined(theirs = "", mine = "") {
  if (theirs.includes(mine)) return theirs;
  return mine.includes(theirs) ? mine : `${theirs}\n${mine}`;
}

function fields(text) {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return { content: text };
  }
}

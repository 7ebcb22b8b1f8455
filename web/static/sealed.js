// Opens sealed content in the reader's own browser (docs/formats.md, section 2.1) and shows it to compare with the paper.
// The key stands after the # of the printed code: it is taken out of the address bar at once and sent to nobody.
// It writes text into elements, never markup; what it shows and says is laid out by web/sealed_layout.py.
"use strict";
(() => {
  const section = document.getElementById("sealed");
  const say = section.querySelector("[role=status]");
  const out = document.getElementById("opened");
  const form = section.querySelector("form");
  const {words, language, layouts} = JSON.parse(section.dataset.layout);
  const identifier = location.pathname.split("/").pop().toUpperCase().replace(/-/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  let current = "";

  class Refused extends Error {}
  const fail = (word) => { throw new Refused(words[word]); };

  const fromBase64url = (text) => {
    const data = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const again = btoa(String.fromCharCode(...data)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    return again === text ? data : null;
  };

  // RFC 8785; certlog documents hold no floats, so that JSON's own form of numbers and texts is the canonical one.
  const canonical = (value) => {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    return `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`).join(",")}}`;
  };

  const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

  // The id on the paper, which is the address, is made of the first 95 bits of the hash: a page about another
  // certificate under this address is noticed.
  const isOfId = (hash) => {
    const bits = Array.from(hash.subarray(0, 12), (b) => b.toString(2).padStart(8, "0")).join("");
    return [...identifier.slice(0, 19)].every((c, i) =>
      "0123456789ABCDEFGHJKMNPQRSTVWXYZ".indexOf(c) === parseInt(bits.slice(5 * i, 5 * i + 5), 2));
  };

  const decrypt = async (key, blob, bound) => {
    const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    const how = {name: "AES-GCM", iv: blob.subarray(0, 12), additionalData: bound};
    try {
      return new Uint8Array(await crypto.subtle.decrypt(how, aes, blob.subarray(12)));
    } catch {
      return fail("wrongKey");
    }
  };

  const open = async (text) => {
    const key = /^[A-Za-z0-9_-]{22}$/.test(text) ? fromBase64url(text) : null;
    if (!key) fail("badKey");
    if (!globalThis.crypto?.subtle) fail("insecure");
    let response;
    try {
      response = await fetch(section.dataset.url, {credentials: "omit", referrerPolicy: "no-referrer"});
    } catch {
      fail("unreachable");
    }
    if (!response.ok) fail("unreachable");
    const blob = new Uint8Array(await response.arrayBuffer());
    if (blob.length <= 28 || blob.length > 262172) fail("wrongKey");
    const hash = fromBase64url(section.dataset.hash);
    if (!isOfId(hash)) fail("otherCode");
    const bound = new Uint8Array([...new TextEncoder().encode("certlog-sealed-v1"), ...hash]);
    const plain = await decrypt(key, blob, bound);
    let content;
    try {
      content = JSON.parse(new TextDecoder("utf-8", {fatal: true}).decode(plain));
    } catch {
      fail("differs");
    }
    const encoder = new TextEncoder();
    if (!same(encoder.encode(canonical(content)), plain)) fail("differs");
    delete content.proof;
    const found = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(canonical(content))));
    if (!same(found, hash)) fail("differs");
    return content;
  };

  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const put = (parent, ...children) => { parent.append(...children.filter(Boolean)); return parent; };

  const day = (text) => {
    const [y, m, d] = text.slice(0, 10).split("-").map(Number);
    const date = new Date(Date.UTC(y, m - 1, d));
    if (isNaN(date)) return text;
    if (language === "vi") return `${d} tháng ${m} năm ${y}`;
    return date.toLocaleDateString("en-GB", {dateStyle: "long", timeZone: "UTC"});
  };

  // A text; a text in languages, of which the page's own is chosen; or several.
  const show = (value) => {
    if (value === undefined || value === null) return "";
    if (!Array.isArray(value)) return String(value);
    const local = value.filter((one) => one && one["@value"]);
    if (local.length) return (local.find((one) => one["@language"] === language) || local[0])["@value"];
    return value.map(show).join(", ");
  };
  const at = (holder, path) => path.split("/").reduce((found, name) => found?.[name], holder);

  const row = (holder, [path, label, kind]) => {
    let value = show(at(holder, path));
    if (!value) return null;
    if (kind === "day") value = day(value);
    else if (kind === "word") value = words[value] || value;
    const fact = make("div", "", kind === "big" ? "fact fact-big" : "fact");
    return put(fact, make("dt", label), make("dd", value));
  };
  const rows = (holder, list) => {
    const made = list.map((one) => row(holder, one)).filter(Boolean);
    return made.length ? put(make("dl", "", "facts"), ...made) : null;
  };

  const unit = (of) => (of ? ` (${of})` : "");
  const table = (result) => {
    const {columns, uncertainty: u} = result;
    const each = u.values.length === result.rows.length && result.rows.length > 1;
    const heads = columns.map((c) =>
      (show(c.label) || words[c.kind] || c.kind) + unit(words.text.includes(c.kind) ? "" : c.displayUnit || result.displayUnit));
    const of = u.displayUnit || result.displayUnit;
    if (each) heads.push(`U${unit(of)}`);
    const [called, stage] = [show(result.name), words[result.stage]];
    const name = !stage || called.includes(stage) ? called : `${called} – ${stage}`;
    const made = put(make("table", "", "results"), make("caption", name));
    const head = put(make("thead"), put(make("tr"), ...heads.map((text) => {
      const cell = make("th", text);
      cell.scope = "col";
      return cell;
    })));
    const body = put(make("tbody"), ...result.rows.map((cells, i) =>
      put(make("tr"), ...[...cells, ...(each ? [u.values[i]] : [])].map((text) => make("td", text)))));
    put(made, head, body);
    const scroll = put(make("div", "", "table-scroll"), made);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", name);
    const said = `${words.uncertainty}: ${each ? "" : `U\u00a0=\u00a0${u.values[0]}${of ? `\u00a0${of}` : ""}, `}k\u00a0=\u00a0${u.k}, p\u00a0=\u00a0${u.p}`;
    return put(make("div", "", "result"), scroll, make("p", said, "note"));
  };

  const part = (content, {title, each, head, list, results}) => {
    const made = results
      ? (at(content, results) || []).map(table)
      : each
        ? (at(content, each) || []).map((one) => put(make("div", "", "thing"), make("h4", show(at(one, head))), rows(one, list)))
        : [rows(content, list)];
    return made.filter(Boolean).length ? put(make("section"), make("h3", title), ...made) : null;
  };

  const display = (content) => {
    const now = Date.now();
    const type = content.type[1];
    const all = put(make("details"), make("summary", words.all));
    const source = put(make("pre", "", "command"), make("code", JSON.stringify(content, null, 1)));
    source.tabIndex = 0;
    put(all, source);
    const late = content.validUntil && Date.parse(content.validUntil) < now ? words.expired : "";
    const early = Date.parse(content.validFrom) > now ? words.early : "";
    out.replaceChildren();
    put(out, late || early ? make("p", late || early, "remark remark-warning") : null,
      make("p", show(content.credentialSubject.title) || show(content.name), "kind"),
      ...(layouts[type] || []).map((one) => part(content, one)), all);
  };

  const tell = (text, look) => {
    say.textContent = text;
    say.className = `remark remark-${look}`;
  };

  const run = async (text, isFromAddress) => {
    current = "";
    out.replaceChildren();
    tell(words.opening, "plain");
    try {
      display(await open(text));
      // What was typed is not in the browser's record of addresses, and is not put there.
      current = isFromAddress ? text : "";
      form.hidden = true;
      tell(words.opened, "good");
    } catch (error) {
      form.hidden = false;
      tell(error instanceof Refused ? error.message : words.differs, "warning");
    }
  };

  const take = () => {
    const text = location.hash.slice(1);
    // Gone before anything else: the address bar, the pages to go back to and what is shared from it hold no key.
    // The browser's own record of visited addresses was written before any script runs (docs/formats.md, 2.1).
    history.replaceState(null, "", location.pathname + location.search);
    if (text) run(text, true);
  };

  section.querySelector("[data-without]").hidden = true;
  form.hidden = false;
  tell(words.ask, "plain");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = form.elements.key;
    run(typed.value.trim().split("#").pop(), false);
    typed.value = "";
  });
  for (const link of document.querySelectorAll("nav.language a")) {
    // The same certificate in the other language stays open; the link itself holds no key to copy.
    link.addEventListener("click", (event) => {
      if (!current || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      location.assign(`${link.href}#${current}`);
    });
  }
  addEventListener("hashchange", () => location.hash && take());
  take();
})();

"use strict";
// All is on the page without this; it adds a search field, and says when the page is old.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
for (const field of document.querySelectorAll("input[data-search]")) {
  const list = document.querySelector(`[data-list="${field.dataset.search}"]`);
  const rows = [...list.querySelectorAll("[data-row]")].map((row) => ({ row, text: plain(row.textContent) }));
  const folded = [...list.querySelectorAll("details")].map((details) => ({ details, open: details.open }));
  const said = field.parentElement.querySelector("output");
  field.parentElement.hidden = false;
  field.addEventListener("input", () => {
    const wanted = plain(field.value.trim());
    let found = 0;
    for (const { row, text } of rows) {
      row.hidden = wanted !== "" && !text.includes(wanted);
      found += row.hidden ? 0 : 1;
    }
    for (const { details, open } of folded) {
      const any = details.querySelector("[data-row]:not([hidden])") !== null;
      details.open = wanted === "" ? open : any;
      details.hidden = wanted !== "" && !any;
    }
    said.textContent = wanted === "" ? "" : `${found.toLocaleString("en")} of those on this page`;
  });
}
const written = document.querySelector("[data-written]");
const days = Math.floor((Date.now() - Date.parse(written.dataset.written)) / 86400000);
if (days > 1) {
  const note = document.createElement("strong");
  note.textContent = ` Written ${days} days ago.`;
  written.append(note);
}

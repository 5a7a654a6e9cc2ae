"use strict";
/* Everything here is a convenience: the page says all it has to say without it. */
(() => {
  const made = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = made("textarea", "", { "aria-hidden": "true", readonly: "" });
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };

  for (const code of document.querySelectorAll(".remedy code")) {
    const button = made("button", "Copy", { type: "button", "aria-live": "polite" });
    button.addEventListener("click", async () => {
      button.textContent = (await copy(code.textContent)) ? "Copied" : "Select it and copy by hand";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    code.closest(".remedy").append(button);
  }

  const filterable = (holder, name) => {
    const rows = [...holder.querySelectorAll("tbody tr")];
    const out = rows.filter((row) => row.hasAttribute("data-out"));
    const tools = made("div", "", { class: "tools" });
    const search = made("input", "", { type: "search", placeholder: "Filter", "aria-label": `Filter ${name}` });
    const said = made("span", "", { class: "fine", role: "status" });
    tools.append(search);
    let only = null;
    if (out.length > 0 && out.length < rows.length) {
      const label = made("label", ` Only what stands out (${out.length})`);
      only = made("input", "", { type: "checkbox" });
      label.prepend(only);
      tools.append(label);
    }
    tools.append(said);
    const show = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word)) || Boolean(only?.checked && !row.hasAttribute("data-out"));
        shown += row.hidden ? 0 : 1;
      }
      said.textContent = shown === rows.length ? "" : `${shown} of ${rows.length}`;
    };
    search.addEventListener("input", show);
    only?.addEventListener("change", show);
    holder.before(tools);
  };

  for (const holder of document.querySelectorAll("[data-filter]")) {
    if (holder.querySelectorAll("tbody tr").length > 4) filterable(holder, holder.dataset.filter);
  }

  // A link to a report opens it; without a script the browser does so, or its reader.
  const open = () => {
    const found = document.getElementById(location.hash.slice(1));
    const holder = found?.closest("details");
    if (!holder || holder.open) return;
    holder.open = true;
    found.scrollIntoView();
  };
  window.addEventListener("hashchange", open);
  open();
})();

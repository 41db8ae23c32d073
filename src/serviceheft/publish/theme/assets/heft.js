/* Tables with data-sortable headings sort by the cells' data-sort (or text), in the page's language. */
(function () {
  "use strict";
  const collator = new Intl.Collator(document.documentElement.lang || "de", { numeric: true });

  function key(row, column) {
    const cell = row.cells[column];
    return cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent.trim();
  }

  function sort(table, heading) {
    const column = heading.cellIndex;
    const down = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => collator.compare(key(a, column), key(b, column)));
    body.append(...(down ? rows.reverse() : rows));
  }

  for (const table of document.querySelectorAll("table.heft-table")) {
    for (const heading of table.querySelectorAll("th[data-sortable]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, heading));
    }
  }
})();

// Fills the list of contents where the script that does so could not be
// loaded: in pages that are read without a network.
document.addEventListener("DOMContentLoaded", function () {
  var toc = document.getElementById("toc");
  if (!toc || typeof Toc !== "undefined") {
    return;
  }
  var list = document.createElement("ul");
  list.className = "nav navbar-nav flex-column";
  document.querySelectorAll("main h2[id]").forEach(function (heading) {
    var link = document.createElement("a");
    link.className = "nav-link";
    link.href = "#" + heading.id;
    link.textContent = heading.textContent.trim();
    list.appendChild(link);
  });
  toc.appendChild(list);
});

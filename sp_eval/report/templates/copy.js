document.querySelectorAll("button[data-copy]").forEach(function (b) {
  b.hidden = false;
  b.addEventListener("click", function () {
    var t = document.getElementById(b.dataset.copy).textContent.trim().replace(/\s+/g, " ") + " (" + b.dataset.context + ")";
    var done = function () { b.textContent = "copied"; setTimeout(function () { b.textContent = "copy"; }, 2000); };
    if (navigator.clipboard && window.isSecureContext) { navigator.clipboard.writeText(t).then(done); return; }
    var a = document.createElement("textarea"); a.value = t; document.body.appendChild(a); a.select();
    document.execCommand("copy"); a.remove(); done();
  });
});
var opened = [];
window.addEventListener("beforeprint", function () {
  opened = Array.prototype.filter.call(document.querySelectorAll("details:not([open]):not(.long)"), function (d) { d.open = true; return true; });
});
window.addEventListener("afterprint", function () { opened.forEach(function (d) { d.open = false; }); });

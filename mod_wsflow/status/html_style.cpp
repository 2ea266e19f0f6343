#include "mod_wsflow/status/html_page.hpp"

namespace wsflow::status {

namespace {

// The widths suit a screen of 1280 pixels and a telephone; wider content scrolls in its own box.
constexpr char kPageStyle[] = R"(:root{color-scheme:light dark;--bg:#fff;--fg:#1b2430;--dim:#566373;
--line:#e1e6ec;--card:#f6f8fa;--link:#0b5cc4;--bad:#b3261e;--warm:#8f4a00;--ok:#16703f;--warmcard:#fff7ea;--badcard:#fdf0ee;--c0:#0b62d6;--c1:#c2570c;--c2:#7a3fd1}
@media(prefers-color-scheme:dark){:root{--bg:#11161c;--fg:#dde5ee;--dim:#93a2b2;--line:#29323c;--card:#191f27;
--link:#7bb6ff;--bad:#ff8f80;--warm:#f0b060;--ok:#6fd3a0;--warmcard:#2a2317;--badcard:#2d1b1a;--c0:#5ea8ff;--c1:#f5a15d;--c2:#b999ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:84rem;padding:1rem;background:var(--bg);color:var(--fg);
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
a{color:var(--link);text-decoration:none}:is(p,.chip,li) a,a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--link);outline-offset:1px}
header{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center}
h1{font-size:1.25rem;margin:0;flex:1;white-space:nowrap}h2{font-size:1rem;margin:1.6rem 0 .4rem}h3{font-size:.9rem;margin:0}
#state{color:var(--dim);font-size:.85rem}
.about,.note,.axis,.sub{color:var(--dim)}.about{margin:.2rem 0 .8rem;overflow-wrap:anywhere}.note{margin:.3rem 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.6rem,1fr));gap:.6rem;margin:0}
.tiles div,figure{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.5rem .7rem;min-width:0}
dt{color:var(--dim);font-size:.85rem}dd{margin:0}.tiles .big{font-size:1.45rem;font-weight:600;line-height:1.25;white-space:nowrap}
.sub{font-size:.8rem;line-height:1.35}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:.6rem;margin-top:.6rem}
@media(min-width:1000px){.charts{grid-template-columns:repeat(6,1fr)}figure{grid-column:span 2}figure:nth-child(n+4){grid-column:span 3}}
figure{margin:0}figcaption{display:flex;flex-wrap:wrap;gap:0 .8rem;font-size:.85rem}figcaption>span:first-child{flex:1;color:var(--dim);white-space:nowrap}
.k{white-space:nowrap}.k:before{content:"";display:inline-block;width:1.1em;margin-right:.3em;border-top:2px solid;vertical-align:middle}
.k0:before{color:var(--c0)}.k1:before{color:var(--c1);border-top-style:dashed}.k2:before{color:var(--c2);border-top-style:dotted}
.plot{position:relative;height:5.2rem;margin-top:.3rem;border-top:1px solid var(--line);border-bottom:1px solid var(--line)}
.plot svg{display:block;width:100%;height:100%;overflow:visible}
.plot path{fill:none;vector-effect:non-scaling-stroke}.grid{stroke:var(--line)}
.l{stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}.l0{stroke:var(--c0)}.l1{stroke:var(--c1);stroke-dasharray:5 4}.l2{stroke:var(--c2);stroke-dasharray:1 4}
.top{position:absolute;top:0;left:0;font-size:.75rem;color:var(--dim);background:var(--card);padding-right:.3em;line-height:1.2}
.none{position:absolute;inset:0;display:grid;place-items:center;color:var(--dim)}
.axis{display:flex;justify-content:space-between;margin:.1rem 0 0;font-size:.75rem;line-height:1.2}
#tip{position:fixed;z-index:2;pointer-events:none;padding:.25rem .5rem;border-radius:4px;background:var(--fg);color:var(--bg);font-size:.8rem;white-space:pre}
#tip[hidden]{display:none}
.box{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{padding:.28rem .6rem;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
tr:last-child>*{border-bottom:0}thead+tbody tr:first-child>*{border-top:0}tbody tr:hover{background:var(--card)}
thead th{background:var(--card);color:var(--dim);font-weight:600}thead tr:last-child>*{border-bottom:1px solid var(--line)}
tbody th{font-weight:400}.n{text-align:right}.w{white-space:normal;min-width:14rem}
.t{max-width:12rem;white-space:normal;overflow-wrap:anywhere}small{color:var(--dim);font-size:.88em}td small a{color:inherit}#tunnels .t{min-width:10.5rem;max-width:20rem}#tunnels td{line-height:1.35}#tunnels :is(th,td){padding-inline:.5rem}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em;overflow-wrap:anywhere}
.id{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85em}
.slow-client,.slow-origin,.ending,.closed{color:var(--warm)}:is(p,span).bad{color:var(--bad)}
thead a{color:inherit}thead small{font-weight:400}.up,.down{color:var(--fg)}.up:after{content:" \25b4"}.down:after{content:" \25be"}
.cols{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:0 1rem;align-items:start}
meter{width:5rem;height:.8em;vertical-align:baseline}
.bar{display:flex;flex-wrap:wrap;gap:.4rem .8rem;align-items:center;margin:.4rem 0}
.chip{border:1px solid var(--line);border-radius:1rem;padding:.1rem .6rem;background:var(--card);max-width:100%;overflow-wrap:anywhere}
form{margin:0}.inline{display:inline-flex;flex-wrap:wrap;gap:.4rem .6rem;align-items:center}
input,button{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:4px;padding:.15rem .5rem}
input{border-color:var(--dim);max-width:100%}button{background:var(--card);cursor:pointer}button:hover{border-color:var(--link);color:var(--link)}
td button{padding:0 .45rem;font-size:.85em}.danger:hover{border-color:var(--bad);color:var(--bad)}
details>summary{cursor:pointer;color:var(--link)}details[open]>summary{margin-bottom:.3rem}
.limit{margin:.6rem 0;padding:.5rem .7rem;border:1px solid var(--line);border-radius:6px}.limit p{margin:.2rem 0;color:var(--dim)}
.limit .box{margin:.4rem 0}
abbr[title]{text-decoration:underline dotted var(--dim);text-decoration-thickness:1px;text-underline-offset:.2em;cursor:help}h1 small{font-weight:400;font-size:.8em}
.calm{margin:.6rem 0;padding:.1rem .8rem;border:1px solid var(--line);border-left:4px solid var(--ok);border-radius:6px;background:var(--card)}.calm p{margin:.35rem 0}.calm b{color:var(--ok)}
#trouble h2{margin:.8rem 0 .3rem}.troubles{list-style:none;margin:0;padding:0;border:1px solid var(--line);border-radius:6px;overflow:hidden}
.troubles li{display:flex;flex-wrap:wrap;gap:.1rem .6rem;align-items:baseline;padding:.4rem .7rem;border-left:4px solid var(--warm);background:var(--warmcard);overflow-wrap:anywhere}
.troubles li+li{border-top:1px solid var(--line)}.troubles li.bad{border-left-color:var(--bad);background:var(--badcard)}
.troubles a{font-weight:600;color:inherit;text-decoration:underline}.troubles li.bad a{color:var(--bad)}.troubles li>span:last-child{color:var(--fg)}
.state{font-weight:600;white-space:nowrap}.state.ok{font-weight:400;color:var(--ok)}.state.warm{color:var(--warm)}.state.bad{color:var(--bad)}
.state.bad:before{content:"\25cf\00a0"}.state.warm:before{content:"\25b2\00a0"}.troubles .state{min-width:4rem}
tbody tr.warm>*{background:var(--warmcard)}tbody tr.bad>*{background:var(--badcard)}tr.warm>:first-child{box-shadow:inset 4px 0 var(--warm)}tr.bad>:first-child{box-shadow:inset 4px 0 var(--bad)}
.facts{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;margin:.5rem 0 .8rem}.facts div{display:flex;gap:.4rem;flex-wrap:wrap}.facts dd{overflow-wrap:anywhere}
.formats{margin-left:auto;display:flex;flex-wrap:wrap;gap:.2rem .8rem}
tr.route>*{border-top:1px solid var(--line)}tr.route th{font-weight:600}tr.route th a{text-decoration:underline}tr.origin th{padding-left:1.6rem}tr.acts td{white-space:normal;background:none}tr.acts summary{font-size:.9em}
tr.route>*,tr.origin>*{border-bottom:0}tbody+tbody tr.route>*{border-top:2px solid var(--line)}
.act{display:grid;gap:.5rem;justify-items:start;padding:.3rem 0 .4rem}
.words{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:.5rem 1.4rem}.words dt{color:var(--fg);font-weight:600}.words dd{color:var(--dim)}
#words{margin-top:1.6rem}.ask{max-width:40rem;margin:2rem auto}.ask h1{white-space:normal;overflow-wrap:anywhere}.ask p{overflow-wrap:anywhere}
.do{padding:.4rem 1rem;border-color:var(--link);color:var(--link);font-weight:600}.do.bad{border-color:var(--bad);color:var(--bad)}
meter::-webkit-meter-bar{background:var(--line);border:0;border-radius:4px;height:.6em}meter::-webkit-meter-optimum-value{background:var(--ok);border-radius:4px}
meter::-webkit-meter-suboptimum-value{background:var(--warm);border-radius:4px}meter::-webkit-meter-even-less-good-value{background:var(--bad);border-radius:4px}
@media(max-width:600px){body{padding:.7rem}.formats{margin-left:0}
.cards :is(table,tbody){display:block}.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cards tbody tr{display:grid;grid-template-columns:repeat(3,1fr);gap:.35rem .6rem;padding:.5rem .7rem;border-top:1px solid var(--line)}
.cards tbody:first-of-type tr:first-child{border-top:0}.cards tbody :is(th,td){display:block;padding:0;border:0;background:none;text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:0}
.cards tbody :is(th,.w,td[colspan]){grid-column:1/-1}.cards tbody th{font-weight:600}.cards td[data-c]:before{content:attr(data-c);display:block;color:var(--dim);font-size:.85em}
.cards tr.warm{background:var(--warmcard);box-shadow:inset 4px 0 var(--warm)}.cards tr.bad{background:var(--badcard);box-shadow:inset 4px 0 var(--bad)}.cards tr:is(.warm,.bad)>:first-child{box-shadow:none}
.cards td:empty{display:none}.cards .state{white-space:normal}.cards meter{display:block;width:min(100%,7rem);margin:.2rem 0}
.cards tbody+tbody tr.route>*{border:0}.cards tr:is(.route,.origin){grid-template-columns:repeat(4,1fr)}.cards tr.origin{padding-left:1.4rem;border-top:0}.cards tr.origin th{padding:0}.cards tr.acts{border-top:0;padding-top:0}.tiles{grid-template-columns:1fr 1fr}.tiles .big{font-size:1.2rem}
input[type=search]{width:100%}.bar label{flex:1 1 100%}
#tunnels :is(table,thead,tbody){display:block}#tunnels thead tr{display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:.4rem .6rem}
#tunnels :is(thead small,thead br,thead th:first-child,thead th:last-child){display:none}
#tunnels :is(th,td){padding:0;border:0;background:none}#tunnels .t{min-width:0}thead a+br+a{margin-left:1rem}#tunnels thead th a{margin-right:.6rem}
#tunnels tbody tr{display:grid;grid-template-columns:repeat(10,1fr);gap:.3rem .4rem;padding:.5rem .6rem;border-top:1px solid var(--line)}
#tunnels tbody :is(th,td){grid-column:span 5}#tunnels tbody :is(td:nth-child(4),td:last-child){order:-1}#tunnels tbody th{order:-2}
#tunnels tbody td:nth-child(4){grid-column:span 3}#tunnels tbody td:nth-child(n+5){grid-column:span 2;text-align:left;font-size:.92em}
#tunnels tbody td:last-child{text-align:right}#tunnels tbody td.n:before{display:block;color:var(--dim);font-size:.85em}
#tunnels td:nth-child(5):before{content:"age"}#tunnels td:nth-child(6):before{content:"idle"}#tunnels td:nth-child(7):before{content:"bytes"}
#tunnels td:nth-child(8):before{content:"messages"}#tunnels td:nth-child(9):before{content:"RTT"}}
)";

}  // namespace

std::string page_begin(std::string_view title_html) {
  return std::string(
             "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>")
      .append(title_html)
      .append("</title>\n<style>")
      .append(kPageStyle)
      .append("</style></head><body>\n");
}

}  // namespace wsflow::status

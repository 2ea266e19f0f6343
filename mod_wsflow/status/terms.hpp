#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace wsflow::status {

// The words of the page, and what each means: the one table of them. The page explains each of its headings
// with it, and lists all of it at its end.
struct Term {
  std::string_view word;
  std::string_view meaning;
};
inline constexpr Term kTerms[] = {
    {"actions", "What you may do here. A second page asks before anything happens."},
    {"admitted", "Requests that got a permit, in all; behind it how many a second in the last minute."},
    {"age", "For how long it has been there."},
    {"answered", "Pings that were answered."},
    {"at most", "The most that there are, or may be, at a time."},
    {"barred", "For how long the key is still refused, because it has broken a rule (penalty=)."},
    {"because", "The numbers behind it."},
    {"beyond it",
     "What happens to more tunnels: they are refused, or it hurts (it gets slow, or processes die)."},
    {"bound", "What bounds the number of tunnels; docs/doctor.md has each."},
    {"bytes", "Bytes relayed, frame headers included."},
    {"Capacity", "How many tunnels the server carries, and what bounds them."},
    {"carried", "How many tunnels it lets be, over all children that are kept."},
    {"client", "The address from which the socket comes."},
    {"close", "Ends this one tunnel, with a Close frame to both sides. A second page asks before."},
    {"Close codes of clients",
     "The codes of the first Close frames that clients sent; 1005 is a frame without one."},
    {"Close codes of origins",
     "The codes of the first Close frames that origins sent; 1005 is a frame without one."},
    {"code", "The number in a Close frame, by which one side tells the other why it ends."},
    {"count", "How many there were since httpd was started."},
    {"descriptors",
     "Files and sockets that the process has open, and how many it may have (ulimit -n). A tunnel takes "
     "two."},
    {"direction", "Who gets it."},
    {"ended", "When the session ended."},
    {"frames", "WebSocket frames relayed, of all kinds."},
    {"generation", "Number of the configuration that it runs with; a reload makes a new one."},
    {"handshake",
     "Mean time from a request to its 101: waits for permits and the origin's answer are in it."},
    {"Handshake p95", "In the last minute 95 of 100 handshakes took no longer than this."},
    {"Handshakes", "Requests for a tunnel that got one, a second, and since httpd was started."},
    {"How tunnels ended", "What happened first to each tunnel that has ended, since httpd was started."},
    {"id", "Number of the tunnel, as the logs have it, and the process that has it."},
    {"idle", "For how long no frame has passed."},
    {"in a minute", "How often in this minute or the one before, whichever has more."},
    {"in use",
     "Permits that are held now, and how many there are; of a limit with keys, those of the key that has the "
     "most."},
    {"joined", "When its first tunnel came."},
    {"key", "What the limit counts by: each key has its own permits. #... is one that must not be shown."},
    {"kind",
     "child: a process of httpd that takes new tunnels. keeper: it goes on with the tunnels of a child that "
     "has ended."},
    {"last reason", "Why the client was refused last."},
    {"lasts", "How long the session is, or was."},
    {"lease left", "How long the node's sessions count as online if nothing is heard of it."},
    {"limit", "A WSFlowLimit: so many permits, and who finds none waits or is refused."},
    {"Limits", "What WSFlowLimit bounds, and how near it is to its bounds."},
    {"list", "The WSFlowPresence that counts it."},
    {"mean round trip", "Mean time from a ping to its answer."},
    {"measured", "How many permits the load of the last minute needs."},
    {"Messages", "WebSocket messages relayed since httpd was started."},
    {"messages", "WebSocket messages relayed."},
    {"node", "A server that shares the presence store."},
    {"Nodes", "The servers that share the presence store."},
    {"on a worker",
     "Tunnels that each hold a worker thread of httpd: sockets over HTTP/2, or behind some filter. Line "
     "WSF0075 of "
     "the log says why."},
    {"One client", "All that is known of this address, user or key."},
    {"online", "Keys that have a tunnel now."},
    {"opened", "Tunnels opened since httpd was started."},
    {"origin", "The server behind httpd to which the tunnel leads."},
    {"outcome", "How a tunnel ended: docs/metrics.md has each."},
    {"peak", "The most that were held at a time."},
    {"permits", "Permits that are held now."},
    {"Pings", "WSFlowPing: whether peers that are quiet are still there."},
    {"Presence", "WSFlowPresence: who is online."},
    {"process", "Its process id."},
    {"Processes", "The processes that have tunnels or are ready for them."},
    {"processes", "How many processes the node has."},
    {"rate", "How many a second may pass; off: any number."},
    {"reason", "Why it was refused: docs/metrics.md has each."},
    {"Refused", "Requests for a tunnel that got none, a second, and since httpd was started."},
    {"refused", "Requests that got nothing: no permit, or no tunnel."},
    {"Refused again and again",
     "Clients that were refused more than ten times in a minute: they try without a pause."},
    {"Relayed", "What passes through the tunnels, both ways together."},
    {"renewed", "When the node said last that it lives."},
    {"route", "The path of a WSFlowPass, and below it the origins that it leads to."},
    {"Routes and origins", "Where tunnels lead, and how the origins are."},
    {"RTT",
     "Round-trip time of the last ping, where WSFlowPing is on: of the client, and below it of the origin."},
    {"sent", "Pings sent."},
    {"Sessions", "Who was online, from the first tunnel to the last."},
    {"state",
     "In words. Origins as mod_proxy has them: up, standby, error, check failed, stopped, disabled, "
     "drained."},
    {"their tunnels", "Tunnels of those who are online."},
    {"to", "Who is pinged."},
    {"to clients", "Bytes relayed from the origin to clients."},
    {"to origin", "Bytes relayed from clients to the origin."},
    {"Trouble", "What needs a look now; each line leads to its place on the page."},
    {"Tunnels", "WebSocket connections through httpd that are open now."},
    {"tunnels", "Tunnels that are open now."},
    {"user, keys", "Who it is, where that may be shown, and the keys of limits under which it counts."},
    {"waiting", "Requests that wait for a permit now, and how many may."},
    {"waiting to be written", "Bytes that slow readers have not taken yet; WSFlowMaxBuffered bounds them."},
    {"Why handshakes got no tunnel",
     "The reason of each handshake that was refused, since httpd was started."},
};

constexpr const Term* find_term(std::string_view word) noexcept {
  const auto* found =
      std::find_if(std::begin(kTerms), std::end(kTerms), [&](const Term& term) { return term.word == word; });
  return found != std::end(kTerms) ? found : nullptr;
}

// A word of a heading. One that the table does not explain does not compile: it is no constant.
class Word {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a word is written as it is
  consteval Word(const char* word) : term_(*find_term(word)) {}
  // The word of a text that the code makes. The page explains it if the table has it; tests see to it.
  static Word of(std::string_view text) noexcept {
    const auto* term = find_term(text);
    return Word(term != nullptr ? *term : Term{text, {}});
  }

  std::string_view text() const noexcept { return term_.word; }
  // With its explanation, as HTML.
  std::string html() const;

 private:
  explicit constexpr Word(const Term& term) noexcept : term_(term) {}

  Term term_;
};

// All words with what they mean, as HTML.
std::string words_list();

}  // namespace wsflow::status

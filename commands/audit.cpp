#include "commands/audit.hpp"

#include "commands/node_database.hpp"
#include "commands/table.hpp"
#include "model/json_object.hpp"
#include "storage/audit_chain.hpp"

#include <ostream>

namespace ingot::commands {

namespace {

std::string json_of(const storage::audit_report& x) {
  auto out = json_object{};
  out.add("valid", !x.damage)
      .add("lines", x.end.lines)
      .add("anchor", audit::print_anchor(x.end))
      .add("unsealed", x.unsealed)
      .add("overdue", x.overdue);
  if (!x.damage)
    return out.add_raw("damage", "null").text();
  auto damage = json_object{};
  damage.add("seq", x.damage->seq);
  x.damage->id != 0 ? damage.add("id", x.damage->id) : damage.add_raw("id", "null");
  return out.add_raw("damage", damage.add("what", x.damage->what).text()).text();
}

} // namespace

int verify_audit(const settings& of, const std::string& anchor, const terminal& to) {
  const auto end = anchor.empty() ? std::nullopt : audit::parse_anchor(anchor);
  if (!anchor.empty() && !end)
    throw usage_error{"--anchor takes what an earlier run has printed: a number, a colon and 64 hexadecimal digits"};
  const auto database = node_database{of};
  const auto db = database.connect();
  const auto report = storage::verify_audit(*db, end);
  if (to.json) {
    to.out << json_of(report) << '\n';
  } else if (report.damage) {
    to.out << paint("The audit log is damaged: ", colour::bad, to.coloured) << report.damage->what;
    if (report.damage->id != 0)
      to.out << " (shown by the row with the id " << report.damage->id << ')';
    to.out << ".\n" << report.end.lines << " lines before it are as they were sealed.\n";
  } else {
    to.out << paint("The audit log is whole: ", colour::good, to.coloured) << report.end.lines
           << " lines are as they were sealed.\n"
           << "Anchor: " << audit::print_anchor(report.end)
           << "\nWrite it down elsewhere: with --anchor a later run shows that the chain was not made anew.\n";
  }
  if (!to.json && report.unsealed > 0)
    to.out << report.unsealed << " newer lines are not sealed yet; a running node seals them within about a second.\n";
  if (!to.json && report.overdue > 0)
    to.out << paint("Of these " + std::to_string(report.overdue), colour::bad, to.coloured)
           << " have waited for more than a minute: no node seals them. Is one running? Its log says why it does not.\n";
  return report.damage || report.overdue > 0 ? failed : done;
}

} // namespace ingot::commands

#include "commands/migrate.hpp"

#include "commands/node_database.hpp"
#include "model/json_object.hpp"
#include "storage/migrations.hpp"

#include <ostream>

namespace ingot::commands {

int migrate(const settings& of, const terminal& to) {
  node_database database{of, node_database::when_missing::make};
  auto db = database.connect();
  auto applied = storage::migrate(*db);
  auto version = storage::migrated_to(*db);
  if (to.json)
    to.out << json_object{}.add("version", version).add("applied", applied).text() << '\n';
  else if (applied == 0)
    to.out << "The database is at version " << version << " already.\n";
  else
    to.out << "Applied " << applied << (applied == 1 ? " migration" : " migrations") << "; the database is at version " << version
           << ".\n";
  return done;
}

} // namespace ingot::commands

#include <sqlite3.h>

// SQLITE_TRANSIENT is a cast that Swift does not import: the value is copied before the call returns.
static inline int venturi_bind_text(sqlite3_stmt *statement, int index, const char *text, int bytes) {
  return sqlite3_bind_text(statement, index, text, bytes, SQLITE_TRANSIENT);
}

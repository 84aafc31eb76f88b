#include <sqlite3.h>

/// Makes a name in double quotes that no column has an error; otherwise it is taken for a text.
///
/// `sqlite3_db_config` itself takes any number of arguments, which Swift can't call.
static inline int fanoutd_refuse_quoted_texts(sqlite3 *connection) {
    int code = sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
    if (code != SQLITE_OK) return code;
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
}

/// Sets what concerns all connections; it must come before the first.
///
/// SQLite keeps no count of all the memory it uses, whose lock every allocation would take. And no page
/// cache begins with room for twenty pages: a row whose state is checked against a list of states makes
/// a table of that list, with a page cache of its own, each time it is written.
static inline int fanoutd_configure(void) {
    int code = sqlite3_config(SQLITE_CONFIG_PAGECACHE, (void *)0, 0, 0);
    if (code != SQLITE_OK) return code;
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

#include <sqlite3.h>

/// Makes a name in double quotes that no column has an error; otherwise it is taken for a text.
///
/// `sqlite3_db_config` itself takes any number of arguments, which Swift can't call.
static inline int fanoutd_refuse_quoted_texts(sqlite3 *connection) {
    int code = sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
    if (code != SQLITE_OK) return code;
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
}

/// Lets SQLite keep no count of all the memory it uses, whose lock every allocation of every
/// connection would take. It must come before the first connection.
static inline int fanoutd_count_no_memory(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

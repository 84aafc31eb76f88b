#ifndef FANOUTD_LIBPQ_H
#define FANOUTD_LIBPQ_H

#include <stdbool.h>
#include <stddef.h>

// The part of PostgreSQL's client library that is used, declared here: no build needs its headers,
// and whoever keeps the queue in SQLite needs no library, which is loaded when it is asked for.
//
// Names and numbers are libpq's own, which its version 5 never changes.

#pragma clang assume_nonnull begin

/// Loads the library; a null pointer, or why it can't be had. Nothing else may be called before.
const char *_Nullable fanoutd_libpq_load(void);

/// A connection, a result, and one of the settings of a connection string.
typedef struct pg_conn fanoutd_pg_conn;
typedef struct pg_result fanoutd_pg_result;
typedef struct {
    const char *_Nullable keyword; // a null pointer ends a list
    const char *_Nullable environment;
    const char *_Nullable compiled;
    const char *_Nullable value;
    const char *_Nullable label;
    const char *_Nullable display;
    int display_size;
} fanoutd_pg_option;

static const int FANOUTD_PG_CONNECTION_BAD = 1;

/// What a connection that is being made waits for.
static const int FANOUTD_PG_POLLING_FAILED = 0;
static const int FANOUTD_PG_POLLING_READING = 1;
static const int FANOUTD_PG_POLLING_WRITING = 2;
static const int FANOUTD_PG_POLLING_OK = 3;

static const int FANOUTD_PG_COMMAND_OK = 1;
static const int FANOUTD_PG_TUPLES_OK = 2;

/// Parts of an error: its code and its first line.
static const int FANOUTD_PG_SQLSTATE = 'C';
static const int FANOUTD_PG_MESSAGE = 'M';

// Connection strings.
fanoutd_pg_option *_Nullable fanoutd_PQconninfoParse(
    const char *text, char *_Nullable *_Nullable fault);
void fanoutd_PQconninfoFree(fanoutd_pg_option *_Nullable options);
void fanoutd_PQfreemem(void *_Nullable memory);

// Connections.
fanoutd_pg_conn *_Nullable fanoutd_PQconnectStartParams(
    const char *_Nullable const *_Nonnull keywords, const char *_Nullable const *_Nonnull values);
int fanoutd_PQconnectPoll(fanoutd_pg_conn *connection);
void fanoutd_PQfinish(fanoutd_pg_conn *connection);
int fanoutd_PQstatus(const fanoutd_pg_conn *connection);
int fanoutd_PQsocket(const fanoutd_pg_conn *connection);
int fanoutd_PQserverVersion(const fanoutd_pg_conn *connection);
bool fanoutd_PQconnectionNeedsPassword(const fanoutd_pg_conn *connection);
bool fanoutd_PQconnectionUsedPassword(const fanoutd_pg_conn *connection);
const char *fanoutd_PQerrorMessage(const fanoutd_pg_conn *connection);
int fanoutd_PQsetnonblocking(fanoutd_pg_conn *connection);

/// Has warnings of the server set a flag, which must live as long as the connection; other notices
/// are dropped.
void fanoutd_pg_flag_warnings(fanoutd_pg_conn *connection, bool *flag);

// Statements. Parameters are numbers as text, or bytes: `formats` is 1 for those.
int fanoutd_PQsendQuery(fanoutd_pg_conn *connection, const char *text);
int fanoutd_PQsendPrepare(fanoutd_pg_conn *connection, const char *name, const char *text);
int fanoutd_PQsendQueryPrepared(
    fanoutd_pg_conn *connection, const char *name, int count,
    const char *_Nullable const *_Nullable values, const int *_Nullable lengths,
    const int *_Nullable formats);
int fanoutd_PQflush(fanoutd_pg_conn *connection);
int fanoutd_PQconsumeInput(fanoutd_pg_conn *connection);
int fanoutd_PQisBusy(fanoutd_pg_conn *connection);

// Results.
fanoutd_pg_result *_Nullable fanoutd_PQgetResult(fanoutd_pg_conn *connection);
void fanoutd_PQclear(fanoutd_pg_result *result);
int fanoutd_PQresultStatus(const fanoutd_pg_result *result);
const char *_Nullable fanoutd_PQresultErrorField(const fanoutd_pg_result *result, int part);
const char *fanoutd_PQcmdStatus(fanoutd_pg_result *result);
const char *fanoutd_PQcmdTuples(fanoutd_pg_result *result);
int fanoutd_PQntuples(const fanoutd_pg_result *result);
bool fanoutd_PQgetisnull(const fanoutd_pg_result *result, int row, int column);
const char *fanoutd_PQgetvalue(const fanoutd_pg_result *result, int row, int column);
int fanoutd_PQgetlength(const fanoutd_pg_result *result, int row, int column);

#pragma clang assume_nonnull end

#endif

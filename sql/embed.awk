# Turns migrations and statements into rows of C tables (common/db/embedded.h).
#
#   awk -v set=store -f sql/embed.awk sql/schema/*.sql sql/statements/*.sql \
#       sql/rights/plan.sql sql/rights/store.txt
#
# The result is sql_store, or whatever set says: each database has one of its own.
# A file whose folder is called schema is one migration, NNNN_what.sql; any
# other file holds statements, each opened by a line "-- name: of_statement".
# Comment lines go from statements but stay in migrations.  A line
# "-- for: ROLE ..." before the first name says which programs run the
# statements of a file, behind a name which run that one.  sql/rights/*.txt says
# what these roles may do.  A duplicate, an empty statement, one that is for
# nobody, or a line outside of any statement fails the build.

function fail(what)
{
	printf "%s:%d: %s\n", FILENAME, FNR, what | "cat 1>&2"
	failed = 1
	exit 1
}

# '?' too: C still has trigraphs.
function quoted(line)
{
	gsub(/\\/, "&&", line)
	gsub(/"/, "\\\"", line)
	gsub(/\?/, "\\?", line)
	gsub(/\t/, "\\t", line)
	return "\t  \"" line "\\n\"\n"
}

function close_statement()
{
	if (stmt != "" && text[stmt] == "")
		fail("statement " stmt " is empty")
	if (stmt != "" && roles[stmt] == "")
		fail("statement " stmt " is for nobody: no \"-- for: ROLE ...\"")
	stmt = ""
}

function open_migration(base)
{
	if (base !~ /^[0-9][0-9][0-9][0-9]_[a-z0-9_]+\.sql$/)
		fail("a migration is called NNNN_what.sql")

	version = substr(base, 1, 4) + 0
	if (version <= newest)
		fail("migration " version " is a duplicate or out of order")

	newest = version
	migration[++migrations] = version
	label[version] = substr(base, 6, length(base) - 9)
}

function open_statement(name)
{
	close_statement()

	if (name !~ /^[a-z][a-z0-9_]*$/)
		fail("not a statement name: \"" name "\"")
	if (name in text)
		fail("duplicate statement " name)

	stmt = name
	text[name] = ""
	roles[name] = everybody
	names[++statements] = name
}

# KIND OBJECT ROLE=PRIVILEGE,PRIVILEGE ..., of a function owner or caller and
# roles, "-" for nobody: a row for each right
function add_right(who, what)
{
	rights[++rightc] = "\t{ \"" $1 "\", \"" $2 "\", \"" who "\", \"" \
		what "\" },\n"
}

function rest(line)
{
	gsub(/[ \t]+/, " ", line)
	return line
}

function read_right(    i, j, n, part, what)
{
	if (NF < 3 || $1 !~ /^(database|schema|table|column|sequence|function)$/)
		fail("KIND OBJECT RIGHTS ..., not \"" $0 "\"")
	if (($1, $2) in decided) {
		if (decided[$1, $2] != rest($0))
			fail($1 " " $2 " is there twice, and not alike")
		return
	}
	decided[$1, $2] = rest($0)

	if ($1 == "function" && $3 !~ /^(owner|caller|-)$/)
		fail("function " $2 ": owner, caller or -, not \"" $3 "\"")
	if ($1 == "function" || $3 == "-")
		add_right("", $3 == "-" ? "" : $3)

	for (i = $1 == "function" || $3 == "-" ? 4 : 3; i <= NF; i++) {
		n = split($i, part, "=")
		if (part[1] !~ /^(channel|web|compliance|ctl|reader|registrar)$/ ||
		    (n == 2) != ($1 != "function"))
			fail("not a role and its rights: " $i)
		n = split(n == 2 ? part[2] : "execute", what, ",")
		for (j = 1; j <= n; j++)
			add_right(part[1], what[j])
	}
}

FNR == 1 {
	close_statement()
	everybody = ""
	parts = split(FILENAME, part, "/")
	in_schema = parts > 1 && part[parts - 1] == "schema"
	if (in_schema)
		open_migration(part[parts])
}

FILENAME ~ /\.txt$/ {
	if (NF && $1 !~ /^#/)
		read_right()
	next
}

in_schema {
	ddl[newest] = ddl[newest] quoted($0)
	next
}

/^-- name:/ {
	name = $0
	sub(/^-- name:[ \t]*/, "", name)
	sub(/[ \t\r]+$/, "", name)
	open_statement(name)
	next
}

/^-- for:/ {
	sub(/^-- for:[ \t]*/, "")
	sub(/[ \t\r]+$/, "")
	if (stmt == "")
		everybody = $0
	else
		roles[stmt] = $0
	next
}

/^[ \t]*(--.*)?$/ { next }

stmt == "" { fail("SQL before the first \"-- name:\"") }

{ text[stmt] = text[stmt] quoted($0) }

# Byte order whatever the locale: the C side searches with strcmp().
function before(a, b,    i, order)
{
	order = "0123456789_abcdefghijklmnopqrstuvwxyz"
	for (i = 1; i <= length(a) && i <= length(b); i++)
		if (substr(a, i, 1) != substr(b, i, 1))
			return index(order, substr(a, i, 1)) < \
			       index(order, substr(b, i, 1))
	return length(a) < length(b)
}

function sort_names(    i, j, name)
{
	for (i = 2; i <= statements; i++) {
		name = names[i]
		for (j = i - 1; j > 0 && before(name, names[j]); j--)
			names[j + 1] = names[j]
		names[j + 1] = name
	}
}

END {
	if (!failed)
		close_statement()
	if (!failed && (!migrations || !statements))
		fail("migrations and statements are both needed")
	if (failed)
		exit 1

	print "/* Made by sql/embed.awk from the files below sql/ */"
	print "#include <re.h>"
	print "#include \"common/db/embedded.h\"\n"

	print "static const struct sql_migration migrationv[] = {"
	for (i = 1; i <= migrations; i++)
		printf "\t{ %d, \"%s\",\n%s\t},\n", migration[i],
			label[migration[i]], ddl[migration[i]]
	print "};\n"

	sort_names()
	print "static const struct sql_stmt stmtv[] = {"
	for (i = 1; i <= statements; i++)
		printf "\t{ \"%s\", \"%s\",\n%s\t},\n", names[i],
			roles[names[i]], text[names[i]]
	print "};\n"

	print "static const struct sql_right rightv[] = {"
	for (i = 1; i <= rightc; i++)
		printf "%s", rights[i]
	print "};\n"

	print "const struct sql_set sql_" set " = {"
	print "\t\"" set "\", migrationv, ARRAY_SIZE(migrationv),"
	print "\tstmtv, ARRAY_SIZE(stmtv),"
	print "\trightv, ARRAY_SIZE(rightv),"
	print "};"
}

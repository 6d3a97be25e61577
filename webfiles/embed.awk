# Turns the pages into rows of a C table (webfiles/pages.h).
#
#   awk -f webfiles/embed.awk webfiles/pages/* > pages_embedded.c

function quoted(line)
{
	gsub(/\\/, "&&", line)
	gsub(/"/, "\\\"", line)
	gsub(/\?/, "\\?", line)
	gsub(/\t/, "\\t", line)
	return "\t  \"" line "\\n\"\n"
}

BEGIN {
	print "/* Made by webfiles/embed.awk: do not edit. */"
	print "#include <stddef.h>"
	print "#include \"webfiles/pages.h\"\n"
	print "const struct page pagev[] = {"
}

FNR == 1 {
	if (NR > 1)
		print "\t},"
	name = FILENAME
	sub(/.*\//, "", name)
	printf "\t{ \"%s\",\n", name
}

{ printf "%s", quoted($0) }

END {
	print "\t},\n};\n"
	print "const size_t pagec = sizeof(pagev) / sizeof(pagev[0]);"
}

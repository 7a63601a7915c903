# Puts the rows in place of @ROWS@, with a line break before the first one, and the program's name
# in place of @PROGRAM@.
$0 == "@ROWS@" {
    print ""
    while ((getline line < rows) > 0)
        print line
    next
}
{
    gsub(/@PROGRAM@/, program)
    print
}

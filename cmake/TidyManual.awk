# scdoc writes ".P" where no paragraph follows, which mandoc -T lint complains about: keeps each
# only where text does.
/^\.PP?$/ { pending = 1; next }
/^\.S[HS]/ { pending = 0; print; heading = 1; next }
/^\.RE/ { print; next }
{
    if (pending && !heading)
        print ".P"
    pending = 0
    heading = 0
    print
}

module interop

go 1.24

require (
	bitbucket.org/atlassian/go-asap v0.0.0-20201116174856-38f0143fcabd
	bitbucket.org/atlassian/go-asap/v2 v2.8.0
)

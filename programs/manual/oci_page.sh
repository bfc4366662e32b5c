#!/bin/sh
# The manual page of caisson-oci, from what its --help prints: oci_page.sh PROGRAM VERSION DATE.
set -eu
program=$1

# roff's own characters in other words; the program's texts have no others beyond ASCII than these.
quoted() {
  sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e 's/…/.../g' -e 's/–/\\(en/g' -e "s/'/\\\\(aq/g" -e 's/`/\\(ga/g' -e 's/\^/\\(ha/g' \
      -e 's/~/\\(ti/g' -e 's/^\./\\\&./'
}
literal() {
  echo .nf
  quoted
  echo .fi
}

cat <<END
.\\" Made from the program's own help.
.TH caisson-oci 8 $3 "caisson $2"
.SH NAME
caisson\\-oci \\- OCI runtime with the command line of runc
.SH DESCRIPTION
Creates and runs containers from OCI bundles. It is called by podman, containerd, CRI\\-O, Docker and Kubernetes in the
place of runc.
.SH SYNOPSIS
END
"$program" --help | literal
"$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p' | while read -r verb; do
  echo ".SH $(printf %s "$verb" | tr '[:lower:]' '[:upper:]')"
  "$program" "$verb" --help | literal
done
printf '.SH SEE ALSO\n.BR caisson (1)\n'

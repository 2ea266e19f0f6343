#!/bin/sh
# Debian's dh_apache2: an upgrade of a package with a module of httpd restarts httpd, which ends every connection and every
# WebSocket. The helper says that it acts "on fresh installs" and on upgrades only if somebody asks for it; but the module is
# enabled already, which counts as asking. A fresh installation restarts too, although a reload loads a new module as well.
# dh_apache2 has --restart, and nothing for a reload: a package that wants one calls `apache2_invoke enmod NAME reload` itself.
# Seen with apache2 and apache2-dev 2.4.71 of Debian 12 in November 2026 (what the helper starts is played, and shown):
#> installation: invoke-rc.d apache2 restart
#> upgrade: invoke-rc.d apache2 restart
#> upgrade, with "reload" behind the name: invoke-rc.d apache2 reload
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$folder"
(cd "$folder" && apt-get download -q "apache2=2.4.71-*" "apache2-dev=2.4.71-*" >/dev/null 2>&1)
for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/debian"; done

# The programs that the helper calls: everything succeeds, and a2query knows whether the module is enabled.
mkdir "$folder/bin"
for name in a2query a2enmod invoke-rc.d apache2ctl dpkg-query; do
  cat > "$folder/bin/$name" <<'END'
#!/bin/sh
case "${0##*/}" in
  a2query) [ -e "$ENABLED" ] ;;
  a2enmod) touch "$ENABLED" ;;
  dpkg-query) echo "install ok installed" ;;
  invoke-rc.d) echo "invoke-rc.d $*" ;;
esac
END
  chmod 755 "$folder/bin/$name"
done
helper=$folder/debian/usr/share/apache2/apache2-maintscript-helper
sed -i "s|/usr/sbin/a2|$folder/bin/a2|g" "$helper"

# play TITLE ACTION words of dpkg: the postinst that dh_apache2 makes.
play() {
  title=$1 action=$2
  shift 2
  sed -e "s|#CONDITIONAL_VARIABLE#|true|; s|#NAMES#|wsflow|; s|#HELPER#|enmod|; s|#ACTION#|$action|; s|#ERROR_HANDLER#|exit 1|" \
    -e "s|/usr/share/apache2/apache2-maintscript-helper|$helper|" \
    "$folder/debian/usr/share/debhelper/autoscripts/postinst-apache2" > "$folder/postinst"
  said=$(DPKG_MAINTSCRIPT_NAME=postinst DPKG_MAINTSCRIPT_PACKAGE=libapache2-mod-wsflow ENABLED="$folder/enabled" \
    PATH="$folder/bin:$PATH" sh "$folder/postinst" "$@" 2>/dev/null | grep invoke-rc.d) || said=nothing
  echo "$title: $said"
}
{
  play installation "" configure ""
  play upgrade "" configure 0.1.0-1
  play 'upgrade, with "reload" behind the name' reload configure 0.1.0-1
} > "$folder/seen"
cat "$folder/seen"
sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"

# Sourced by mvnw and partita: leaves JAVA_HOME at a JDK 25 or newer, or stops with one clear line.
# Maven itself has to run on it, because the Quarkus and resource-definition builds load our classes.
_want=25
_ok() {
  [ -x "$1/bin/javac" ] && [ -f "$1/release" ] &&
    _v=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release") && [ "${_v:-0}" -ge $_want ]
}
if ! _ok "${JAVA_HOME:-/nonexistent}"; then
  _javac=$(command -v javac 2>/dev/null) && _javac=$(readlink -f "$_javac") && _javac=${_javac%/bin/javac}
  for _home in "${JDK25_HOME:-}" "${JAVA_25_HOME:-}" "${JAVA_HOME_25_X64:-}" "${JAVA_HOME_25_ARM64:-}" "${_javac:-}" \
    /usr/lib/jvm/* /opt/java/* /opt/jdk* "${HOME:-/}"/.sdkman/candidates/java/* "${HOME:-/}"/.jdks/* \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if [ -n "$_home" ] && _ok "$_home"; then
      JAVA_HOME=$_home
      export JAVA_HOME
      break
    fi
  done
fi
if ! _ok "${JAVA_HOME:-/nonexistent}"; then
  echo "Partita needs a JDK $_want or newer and found none: install one (for example 'temurin-25-jdk' from https://adoptium.net) or set JAVA_HOME." >&2
  exit 1
fi

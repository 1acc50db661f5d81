"""What is known of an image that a Dockerfile begins with: told by the engine, or assumed; asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ROOT = "/"


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What `docker image inspect` says of an image, as far as a build or a process depends on it."""

    workdir: str = ROOT
    user: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    onbuild: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


Facts = Callable[[str], ImageFacts | None]
"""Gives an image's facts by its name as the Dockerfile has it; None where nobody knows."""


def nothing_known(image: str) -> ImageFacts | None:
    """Facts for those who have no engine at hand."""
    return None


_WORKDIRS = {
    "caddy": "/srv",
    "composer": "/app",
    "drupal": "/opt/drupal",
    "elasticsearch": "/usr/share/elasticsearch",
    "ghost": "/var/lib/ghost",
    "golang": "/go",
    "gradle": "/home/gradle",
    "httpd": "/usr/local/apache2",
    "jetty": "/var/lib/jetty",
    "kibana": "/usr/share/kibana",
    "logstash": "/usr/share/logstash",
    "mongo-express": "/app",
    "neo4j": "/var/lib/neo4j",
    "nextcloud": "/var/www/html",
    "php": "/var/www/html",
    "redis": "/data",
    "solr": "/opt/solr",
    "tomcat": "/usr/local/tomcat",
    "valkey": "/data",
    "wordpress": "/var/www/html",
    "yourls": "/var/www/html",
    "zookeeper": "/apache-zookeeper",
}
_VARIABLES = {"golang": {"GOPATH": "/go"}}
_USERS = {"elasticsearch": "1000", "jetty": "jetty", "solr": "solr"}


def assumed(image: str) -> ImageFacts | None:
    """What official images are known to say (their Dockerfiles in docker-library); None for anybody else's."""
    name = image.partition("@")[0]
    head, _, last = name.rpartition("/")
    last = last.partition(":")[0]
    if image == "scratch":
        return ImageFacts()
    if head in ("", "library", "docker.io/library"):
        return ImageFacts(_WORKDIRS.get(last, ROOT), _USERS.get(last, ""), _VARIABLES.get(last, {}))
    return None

#!/usr/bin/env bash
# Packages: io.cloudevents:cloudevents-core and cloudevents-json-jackson 4.0.1 (Maven), Java 17.
#
# Media types are compared without regard to case. The JSON format compares them with it: data of the
# type `Application/JSON` travels as `data_base64`, the same data as `application/json` or
# `application/json;charset=UTF-8` as JSON in `data`. A reader that knows only `data` finds none.
#
# Expected: three times the same `data`.
#
# Seen:
#   application/json: "data":{"a":1}
#   application/json;charset=UTF-8: "data":{"a":1}
#   Application/JSON: "data_base64":"eyJhIjoxfQ=="
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tried</groupId><artifactId>tried</artifactId><version>1</version>
<dependencies><dependency><groupId>io.cloudevents</groupId><artifactId>cloudevents-json-jackson</artifactId><version>4.0.1</version></dependency></dependencies>
</project>
XML
mvn -q -B dependency:copy-dependencies -DoutputDirectory=jars >maven.log 2>&1
cat >Tried.java <<'JAVA'
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.jackson.JsonFormat;
import java.net.URI;

class Tried {
    public static void main(String[] a) {
        boolean ok = true;
        for (String type : new String[] {"application/json", "application/json;charset=UTF-8", "Application/JSON"}) {
            var event = CloudEventBuilder.v1().withId("1").withSource(URI.create("urn:a")).withType("t")
                .withData(type, "{\"a\":1}".getBytes()).build();
            String json = new String(new JsonFormat().serialize(event));
            System.out.println(type + ": " + json.replaceAll(".*(\"data(_base64)?\":.*)}$", "$1"));
            ok &= json.contains("data_base64") == type.equals("Application/JSON");
        }
        System.exit(ok ? 0 : 1);
    }
}
JAVA
java -cp 'jars/*' Tried.java

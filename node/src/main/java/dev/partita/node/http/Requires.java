package dev.partita.node.http;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Declares the right that an endpoint, or every endpoint of a class, needs. [AccessFilter]
/// enforces it, and refuses an endpoint that declares nothing.
///
/// Where the path has a parameter `collection`, the right is asked for in that one. Where it has
/// none, the collection is known only to the endpoint, which has to ask [Caller]; an answer of one
/// that has not asked is withheld.
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
@interface Requires {
  Right value();
}

import Formats

/// What a generated text must be: a context-free grammar, compiled into a pushdown automaton over bytes.
///
/// From llama.cpp's notation GBNF, or from a JSON schema (``init(jsonSchema:)`` lists its keywords). A text that follows it
/// is UTF-8 throughout. Rules may contain themselves, but not as their first symbol, and nest at most ``depthLimit`` deep.
public final class Grammar: Sendable, Hashable {
  /// The longest source, in bytes.
  public static let sourceLimit = 1 << 20
  /// The most rules.
  public static let ruleLimit = 10_000
  /// The most repetitions of one symbol that can be asked for by number.
  public static let repetitionLimit = 10_000
  /// The deepest nesting of groups, and of schemas.
  public static let nestingLimit = 64
  /// The most states of the automaton.
  public static let stateLimit = 1 << 18
  /// How many rules may be open at once while a text is followed; what would open more is not generated.
  public static let depthLimit = 256

  let automaton: GrammarAutomaton

  /// A grammar in GBNF.
  ///
  /// - Throws: ``TextError/grammarMalformed(line:problem:)``, ``TextError/grammarLeftRecursion(rule:)`` and
  ///   ``TextError/grammarLimit(what:limit:)``.
  public init(gbnf text: String) throws(TextError) {
    let (rules, root) = try GBNFParser.rules(of: text)
    automaton = try GrammarCompiler.compile(rules, root: root)
  }

  init(_ rules: [GrammarRule], root: Int) throws(TextError) {
    automaton = try GrammarCompiler.compile(rules, root: root)
  }

  /// The JSON values that a schema allows, or some of them: every text that follows the grammar is valid, but not every
  /// valid text follows it, since between tokens there is at most one space, or a newline and up to 20 more, and members
  /// come in the schema's order.
  ///
  /// Keywords: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties` (without it, objects that have
  /// `properties` have no others), `items`, `prefixItems`, `minItems`, `maxItems`, `minLength`, `maxLength`, `pattern`
  /// (regular expressions without look-around and references), `format` (date, time, date-time, uuid, ipv4), `minimum`,
  /// `maximum`, `exclusiveMinimum`, `exclusiveMaximum` (of numbers: whole bounds only), `anyOf` and `oneOf` (alternatives;
  /// that only one of `oneOf` matches is not seen to), `allOf` where its parts can be merged, `$ref` to a place in the same
  /// schema, `$defs`. Titles, descriptions, defaults and examples are passed over. Any other keyword is refused.
  ///
  /// - Throws: ``TextError/schemaUnsupported(path:keyword:)``, ``TextError/schemaInvalid(path:problem:)``,
  ///   ``TextError/grammarLeftRecursion(rule:)`` and ``TextError/grammarLimit(what:limit:)``.
  public init(jsonSchema schema: JSON) throws(TextError) {
    let (rules, root) = try SchemaCompiler.rules(of: schema)
    automaton = try GrammarCompiler.compile(rules, root: root)
  }

  /// Whether both are the same object: what two grammars describe cannot be compared.
  public static func == (left: Grammar, right: Grammar) -> Bool { left === right }
  /// Hashes the object's identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

  /// Whether a whole text follows the grammar; for tests of grammars.
  ///
  /// - Throws: ``TextError/grammarLimit(what:limit:)`` if too many readings of the text are open at once.
  public func matches(_ bytes: some Sequence<UInt8>) throws(TextError) -> Bool {
    let walk = GrammarWalk(automaton)
    var state = try walk.start()
    for byte in bytes {
      state = try walk.next(state, byte)
      if state == .dead { return false }
    }
    return state.isAccepting
  }
}

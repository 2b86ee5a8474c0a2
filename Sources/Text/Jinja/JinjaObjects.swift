/// The object that `namespace()` makes: the one thing of a template that can be changed in place.
///
/// A rendering owns all of them and empties them when it ends, since they may refer to each other in circles.
final class JinjaNamespace: @unchecked Sendable {
  var attributes: [String: JinjaValue] = [:]
}

/// What filters such as `map` give, Python's generators: their elements can be taken once and have no places.
final class JinjaSeries: @unchecked Sendable {
  private var elements: [JinjaValue]
  let depth: Int
  /// Whether it is a dictionary's keys, values or items, which know their number and can be taken again.
  let isView: Bool

  init(_ elements: [JinjaValue], isView: Bool = false) {
    self.elements = elements
    self.isView = isView
    depth = 1 + (elements.lazy.map(\.depth).max() ?? 0)
  }

  var count: Int { elements.count }

  func take(_ count: Int = .max) -> [JinjaValue] {
    let taken = Array(elements.prefix(count))
    if !isView { elements.removeFirst(taken.count) }
    return taken
  }
}

/// The variable `loop`.
final class JinjaLoop: @unchecked Sendable {
  let items: [JinjaValue]
  let depth: Int
  var index = 0

  init(items: [JinjaValue], depth: Int) {
    self.items = items
    self.depth = depth
  }

  /// An attribute of `loop`; nil if it has none of this name.
  subscript(name: String) -> JinjaValue? {
    switch name {
    case "index": .integer(index + 1)
    case "index0": .integer(index)
    case "revindex": .integer(items.count - index)
    case "revindex0": .integer(items.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == items.count - 1)
    case "length": .integer(items.count)
    case "depth": .integer(depth)
    case "depth0": .integer(depth - 1)
    case "previtem": index > 0 ? items[index - 1] : .undefined(name: "there is no previous item")
    case "nextitem": index + 1 < items.count ? items[index + 1] : .undefined(name: "there is no next item")
    case "cycle", "changed": nil
    default: nil
    }
  }
}

/// A macro, or the body of a `call` block, with the scope that it was defined in.
final class JinjaMacro: @unchecked Sendable {
  let definition: JinjaSyntax.Macro
  let scope: JinjaScope

  init(definition: JinjaSyntax.Macro, scope: JinjaScope) {
    self.definition = definition
    self.scope = scope
  }
}

/// The variables of a template, of a loop's pass or of a macro's call.
final class JinjaScope: @unchecked Sendable {
  var variables: [String: JinjaValue] = [:]
  let parent: JinjaScope?
  /// How many loops stand around.
  var loopDepth: Int

  init(parent: JinjaScope?) {
    self.parent = parent
    loopDepth = parent?.loopDepth ?? 0
  }

  subscript(name: String) -> JinjaValue? {
    var scope: JinjaScope? = self
    while let current = scope {
      if let value = current.variables[name] { return value }
      scope = current.parent
    }
    return nil
  }
}

/// The values that a function, macro or filter is called with.
struct JinjaArguments {
  var positional: [JinjaValue] = []
  var named: [(name: String, value: JinjaValue)] = []

  /// The value at a place or of a name; nil if it is not given.
  func value(_ place: Int, _ name: String) -> JinjaValue? {
    place < positional.count ? positional[place] : named.first { $0.name == name }?.value
  }

  /// Refuses values that `function` has no parameter for.
  func check(_ function: String, _ parameters: [String], _ interpreter: JinjaInterpreter) throws(JinjaError) {
    if positional.count > parameters.count {
      throw interpreter.failure("\(function) takes at most \(parameters.count) values, not \(positional.count)")
    }
    for (name, _) in named where !parameters.contains(name) {
      throw interpreter.failure("\(function) has no parameter '\(name)'")
    }
  }
}

import Formats

// Sequences of values, and values that may be absent.
extension OperatorLibrary {
  static let sequences: [GraphOperator] = [
    GraphOperator("SequenceConstruct", inputs: 1...Int.max) { _ in
      { call in [.sequence(try call.tensors().map { .tensor($0) })] }
    },
    GraphOperator("SequenceEmpty", inputs: 0...0) { _ in { _ in [.sequence([])] } },
    GraphOperator("SequenceLength", inputs: 1...1) { _ in
      { call in [.tensor(try call.make(.int64, [], [Int64(call.sequence(0).count)]))] }
    },
    GraphOperator("SequenceAt", inputs: 2...2) { _ in
      { call in
        let values = try call.sequence(0)
        return [values[try Axes.resolve(call.int(1), rank: values.count)]]
      }
    },
    GraphOperator("SequenceInsert", inputs: 2...3) { _ in
      { call in
        var values = try call.sequence(0)
        guard let value = call.inputs[1], value.tensor != nil else { throw Refusal("input 1 is no tensor") }
        let position = try call.optional(2) == nil ? values.count : call.int(2)
        values.insert(value, at: try Axes.resolve(position < 0 ? position &- 1 : position, rank: values.count + 1))
        return [.sequence(values)]
      }
    },
    GraphOperator("SequenceErase", inputs: 1...2) { _ in
      { call in
        var values = try call.sequence(0)
        values.remove(at: try Axes.resolve(call.optional(1) == nil ? -1 : call.int(1), rank: values.count))
        return [.sequence(values)]
      }
    },
    GraphOperator("SplitToSequence", inputs: 1...2) { node in
      let (axis, keeps) = (Int(try node.int("axis", 0)), try node.flag("keepdims", true))
      return { call in
        let x = try call.tensor(0)
        let axis = try Axes.resolve(axis, rank: x.rank)
        let extent = x.shape[axis]
        guard let split = try call.optional(1) else {
          let parts = try call.parts(of: x, axis: axis, [Int](repeating: 1, count: extent))
          return [
            .sequence(
              parts.map { part in
                var shape = part.shape
                if !keeps { shape.remove(at: axis) }
                return .tensor(part.reshaped(shape))
              })
          ]
        }
        var sizes = try call.ints(1)
        if split.rank == 0 {
          guard sizes[0] > 0 else { throw Refusal("parts of \(sizes[0])") }
          let each = sizes[0]
          sizes = stride(from: 0, to: extent, by: each).map { min(each, extent - $0) }
        }
        return [.sequence(try call.parts(of: x, axis: axis, sizes).map { .tensor($0) })]
      }
    },
    GraphOperator.one("ConcatFromSequence", 1...1) { node in
      guard let axis = try node.int("axis") else { throw Refusal("the attribute 'axis' is missing") }
      let isNew = try node.flag("new_axis", false)
      return { call in
        let parts = try call.sequence(0).map { value in
          guard let tensor = value.tensor else { throw Refusal("an element that is no tensor") }
          return tensor
        }
        guard let first = parts.first else { throw Refusal("an empty sequence") }
        return try isNew
          ? call.stacked(parts, axis: Int(axis))
          : call.concatenated(parts, axis: Axes.resolve(Int(axis), rank: first.rank))
      }
    },
    GraphOperator("Optional", inputs: 0...1) { _ in
      { call in
        if case .optional?? = call.inputs.first { throw Refusal("an optional in an optional") }
        return [.optional(call.inputs.first ?? nil)]
      }
    },
    GraphOperator.one("OptionalHasElement", 0...1) { _ in
      { call in
        switch call.inputs.first ?? nil {
        case nil, .optional(nil)?: try call.make([], [false])
        default: try call.make([], [true])
        }
      }
    },
    GraphOperator("OptionalGetElement", inputs: 1...1) { _ in
      { call in
        switch call.inputs[0] {
        case .optional(let value?)?: return [value]
        case nil, .optional(nil)?: throw Refusal("the optional is empty")
        case let value: return [value]
        }
      }
    },
  ]
}

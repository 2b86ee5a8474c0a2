import Formats
import NumericTypes
import Tensors

/// The attributes that convolutions and poolings share.
struct WindowAttributes: Sendable {
  let kernel: [Int]?
  let strides: [Int]?
  let dilations: [Int]?
  let pads: [Int]?
  let automatic: String

  init(_ node: GraphNode) throws {
    kernel = try node.ints("kernel_shape")
    strides = try node.ints("strides")
    dilations = try node.ints("dilations")
    pads = try node.ints("pads")
    automatic = try node.word("auto_pad", "NOTSET", among: ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
    for (name, list) in [("kernel_shape", kernel), ("strides", strides), ("dilations", dilations)] {
      guard list?.allSatisfy({ $0 > 0 && $0 <= 1 << 30 }) ?? true else { throw Refusal("\(name) \(list ?? [])") }
    }
    guard pads?.allSatisfy({ $0 >= 0 && $0 <= 1 << 30 }) ?? true else { throw Refusal("pads \(pads ?? [])") }
  }

  /// The window over three axes for an image of the given extents.
  func window(_ extents: [Int], kernel: [Int]) throws -> Window {
    let rank = extents.count
    guard rank >= 1, rank <= 3, kernel.count == rank, (strides ?? extents).count == rank,
      (dilations ?? extents).count == rank, (pads ?? extents + extents).count == 2 * rank
    else { throw Refusal("a window of \(kernel) over \(extents)") }
    guard extents.allSatisfy({ (0...1 << 31).contains($0) }), kernel.allSatisfy({ $0 > 0 }),
      kernel.reduce(1, { $0.multipliedClamped(by: $1) }) <= 1 << 20
    else {
      throw Refusal("a window of \(kernel) over \(extents)")
    }
    let missing = 3 - rank
    var window = Window()
    for axis in 0..<rank {
      let place = axis + missing
      window.kernel[place] = kernel[axis]
      window.strides[place] = strides?[axis] ?? 1
      window.dilations[place] = dilations?[axis] ?? 1
      let span = window.dilations[place].multipliedClamped(by: kernel[axis] - 1).addingClamped(1)
      guard span <= 1 << 40 else { throw Refusal("a window of \(kernel), dilations \(dilations ?? [])") }
      switch automatic {
      case "NOTSET":
        window.before[place] = pads?[axis] ?? 0
        window.after[place] = pads?[axis + rank] ?? 0
      case "VALID": break
      default:
        let count = (extents[axis] + window.strides[place] - 1) / window.strides[place]
        let total = max(0, (count - 1) * window.strides[place] + span - extents[axis])
        window.before[place] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2
        window.after[place] = total - window.before[place]
      }
    }
    return window
  }
}

extension GraphTensor {
  /// The image [N, C, ...] with three spatial axes.
  func image() throws -> (GraphTensor, extents: [Int]) {
    guard rank >= 3, rank <= 5 else { throw Refusal("an image of \(shape)") }
    let extents = Array(shape[2...])
    let filled = [Int](repeating: 1, count: 3 - extents.count) + extents
    return (reshaped(Array(shape[..<2]) + filled), extents)
  }
}

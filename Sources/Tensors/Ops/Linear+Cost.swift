import CVenturi
import Costs
import NumericTypes

extension PackedMatrix {
  /// The form in which a product reads its input.
  func activation(_ precision: LinearPrecision) -> vt_activation {
    precision == .exact ? VT_ACTIVATION_F32 : vt_format_activation(packed.pointee.format, precision == .refined ? 1 : 0)
  }

  /// The arithmetic of a product's multiply-adds, and how many of them stand for one.
  func arithmetic(_ precision: LinearPrecision) -> (precision: Precision, passes: Double) {
    let chain: Precision = inFourBits ? .int4 : .int8
    return switch activation(precision) {
    case VT_ACTIVATION_I8: (chain, 1)
    // 256·high + low: two products of bytes.
    case VT_ACTIVATION_I8X2: (chain, 2)
    case VT_ACTIVATION_I16: (.int16, 1)
    default: (.f32, 1)
    }
  }

  private var inFourBits: Bool {
    switch dtype {
    case .q4_0, .q4_1, .q4_K, .q2_K, .q3_K, .tq1_0, .tq2_0, .q1_0, .q2_0: true
    default: false
    }
  }
}

extension Context {
  /// What one product or several of the same rows compute and move at least: two operations for each weight and row (an
  /// epilogue's are not counted), all weights once, the input once in each form that is read, the results once.
  static func linearCost(
    _ parts: [(matrix: PackedMatrix, epilogue: LinearEpilogue)], rows: Int, _ precision: LinearPrecision
  ) -> OperatorCost {
    var cost = OperationCost()
    var weights = 0.0
    var read: UInt32 = 0
    for (index, part) in parts.enumerated() {
      let (matrix, count) = (part.matrix, Double(rows))
      cost.flops += 2 * count * Double(matrix.inFeatures) * Double(matrix.outFeatures)
      weights += Double(matrix.byteCount)
      let form = matrix.activation(precision)
      if read & 1 << form.rawValue == 0 {
        read |= 1 << form.rawValue
        let isFloat = form == VT_ACTIVATION_F32
        cost.bytesRead +=
          count * Double(isFloat ? 4 * matrix.inFeatures : vt_activation_bytes(form, Int32(matrix.inFeatures)))
      }
      // The second matrix of a gate has no result of its own.
      if index > 0, case .gate = parts[index - 1].epilogue { continue }
      let result = 4 * count * Double(matrix.outFeatures)
      cost.bytesWritten += result
      if case .add = part.epilogue { cost.bytesRead += result }
    }
    cost.bytesRead += weights
    return OperatorCost(cost, residentBytes: weights)
  }

  /// The operations of each precision that one operation of the products takes, by their shares of the weights.
  static func linearArithmetic(_ matrices: [PackedMatrix], _ precision: LinearPrecision) -> [Precision: Double] {
    func weights(_ matrix: PackedMatrix) -> Double { Double(matrix.inFeatures) * Double(matrix.outFeatures) }
    let all = matrices.reduce(0) { $0 + weights($1) }
    var result: [Precision: Double] = [:]
    for matrix in matrices {
      let (kind, passes) = matrix.arithmetic(precision)
      result[kind, default: 0] += passes * weights(matrix) / all
    }
    return result
  }
}

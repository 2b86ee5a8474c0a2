extension ServingLoad {
  /// A service of Azure's whose requests of an hour were published, in Patel et al.: Splitwise, 2023
  /// (github.com/Azure/AzurePublicDataset, AzureLLMInferenceTrace, 2023-11-16).
  public enum AzureTrace: String, Sendable, Hashable, Codable, CaseIterable {
    /// Coding: 8,819 requests, medians of 1,469 and 13 tokens.
    case coding
    /// Conversation: 19,366 requests, medians of 1,020 and 129 tokens.
    case conversation

    /// The lengths of prompts.
    public var prompt: LengthDistribution {
      switch self {
      case .coding:
        Self.lengths([
          3, 44, 75, 102, 147, 185, 232, 299, 385, 484, 578, 679, 770, 863, 938, 1014, 1075, 1153, 1261, 1370, 1469,
          1585, 1690, 1798, 1909, 2048, 2163, 2305, 2433, 2578, 2744, 2942, 3192, 3537, 3919, 4434, 5186, 6097, 7302,
          7435, 7436, 7436, 7436, 7436, 7437, 7437,
        ])
      case .conversation:
        Self.lengths([
          2, 120, 181, 200, 207, 235, 372, 379, 387, 393, 396, 400, 403, 407, 414, 428, 703, 922, 984, 1005, 1020,
          1033, 1045, 1058, 1071, 1083, 1097, 1112, 1130, 1153, 1189, 1276, 1315, 1434, 1876, 2309, 2734, 4075, 4083,
          4092, 4110, 4142, 4831, 5652, 6122, 14050,
        ])
      }
    }

    /// The lengths of answers.
    public var output: LengthDistribution {
      switch self {
      case .coding:
        Self.lengths([
          6, 6, 6, 6, 7, 7, 7, 8, 8, 9, 9, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 16, 16, 18, 19, 20, 22,
          24, 26, 29, 33, 39, 46, 55, 69, 90, 145, 200, 249, 343, 666, 824, 1899,
        ])
      case .conversation:
        Self.lengths([
          7, 28, 41, 48, 54, 60, 67, 72, 77, 82, 85, 88, 91, 93, 96, 99, 103, 108, 113, 120, 129, 138, 151, 162, 177,
          195, 217, 373, 384, 391, 395, 396, 400, 406, 411, 416, 424, 430, 451, 522, 571, 601, 643, 916, 954, 1000,
        ])
      }
    }

    /// Counted in the file, at the quantiles 0, 1/40 … 39/40 and some beyond, for the longest.
    private static func lengths(_ values: [Double]) -> LengthDistribution {
      .quantiles(
        PiecewiseLinear(checked: (0..<40).map { Double($0) / 40 } + [0.985, 0.99, 0.995, 0.998, 0.999, 1], values))
    }
  }

  /// Requests of a trace's sizes that arrive at random; prompts and answers are drawn independently, as the published
  /// generator does (in the traces their rank correlation is below 0.08).
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)``.
  public static func azure(_ trace: AzureTrace, rate: Double, seconds: Double) throws(PlannerError) -> ServingLoad {
    try ServingLoad(.poisson(rate: rate), prompt: trace.prompt, output: trace.output, seconds: seconds)
  }
}

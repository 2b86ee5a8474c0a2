extension SystemEntry {
  /// Science and robotics.
  static let scienceAndRobotics: [SystemEntry] = [
    SystemEntry(
      68, "price-of-freedom", "Price of Freedom", .scienceAndRobotics, .science, arXiv: "2506.13523",
      "Four tensor products for equivariant networks, with what each truly costs and can express.",
      keywords: "equivariance, tensor product, Clebsch-Gordan, Gaunt, expressivity, spherical harmonics, molecules"),
    SystemEntry(
      5, "facet", "Facet", .scienceAndRobotics, .science, arXiv: "2509.08418",
      "Splines for radial functions and a network on a spherical grid make equivariant potentials cheap.",
      keywords: "interatomic potential, E(3) equivariant, spline, spherical grid, materials, molecular dynamics"),
    SystemEntry(
      89, "escaip", "EScAIP", .scienceAndRobotics, .science, arXiv: "2410.24169",
      "An interatomic potential that attends over each atom’s neighbours with invariant features only.",
      keywords: "interatomic potential, attention, neighbour list, scaling, direct forces, molecules"),
    SystemEntry(
      2, "largegt", "LargeGT", .scienceAndRobotics, .science, arXiv: "2312.11109",
      "A transformer for huge graphs: neighbourhoods sampled ahead and a codebook for the rest.",
      keywords: "graph transformer, neighbour sampling, codebook, large graph, node classification"),
    SystemEntry(
      79, "mesh-transformer", "Mesh Transformer", .scienceAndRobotics, .science, arXiv: "2508.18051",
      "Attention along mesh edges, with some dilated, random and global links, that learns simulations.",
      keywords: "mesh, sparse attention, physics simulation, graph, SDDMM, adjacency mask, scaling"),
    SystemEntry(
      44, "physix", "PhysiX", .scienceAndRobotics, .science, arXiv: "2506.17774",
      "One tokenizer, one transformer and one refiner for simulations of many different equations.",
      keywords: "PDE, foundation model, physics simulation, discrete tokenizer, autoregressive, video"),
    SystemEntry(
      48, "ark", "Ark", .scienceAndRobotics, .robotics, arXiv: "2506.21628",
      "Robot learning on a message bus, where simulated and real robots have the same interface.",
      keywords: "robotics framework, publish-subscribe, Gym, imitation learning, ACT, diffusion policy"),
    SystemEntry(
      19, "fm-robotics-review", "Foundation-model robotics review", .scienceAndRobotics, .robotics, arXiv: "2507.10087",
      "Sorts robot foundation models by task and test, with one grounded pipeline from words to plans.",
      keywords: "robotics review, language to plan, grounding, affordance, taxonomy, skills, evaluation"),
    SystemEntry(
      20, "efficient-vla", "Efficient VLA toolkit", .scienceAndRobotics, .robotics, arXiv: "2510.24795",
      "The ways to make a vision-language-action policy cheaper, as switches on one small policy.",
      keywords: "efficient VLA, survey, robot policy, token reduction, quantisation, action decoding, data"),
  ]
}

// How the samples of a data set are spread over its buckets, for people. Nothing outside this
// folder needs it.
#pragma once
#include <string>
#include <vector>

#include "data/prepared/dataset_file.h"

namespace sana::data {

// A line for each bucket in aligned columns: height x width, frames, height / width, samples and
// their share; the largest share first.
std::string bucket_table(const std::vector<SampleRecord>& samples);

}  // namespace sana::data

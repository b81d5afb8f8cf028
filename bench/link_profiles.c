#include "link_profiles.h"

#include <string.h>

const struct link_profile *link_profile(const char *name)
{
	for (const struct link_profile *profile = link_profiles; profile->name; profile++) {
		if (strcmp(profile->name, name) == 0)
			return profile;
	}
	return NULL;
}

#define WEBPAGETEST "WebPageTest, www/settings/connectivity.ini.sample "

const struct link_profile link_profiles[] = {
        /* The round trip is 0.5 ms; neither source has jitter or loss. */
        {"lan",
         {.delay_ms = 0.25, .rate_mbit = 1000},
         "wired, in one building",
         "Round trip: Dean, \"Designs, Lessons and Advice from Building Large Distributed "
         "Systems\", LADIS 2009, slide 24; rate: 1000BASE-T, IEEE 802.3ab-1999"},
        /* "30 Mbps, 15 Mbps, minimum latency 2". The loss is the upper end of "2 to 3 percent",
         * measured on WaveLAN, which is older than 802.11; the source says that it comes in
         * bursts, but this has no figure for their mean length. No jitter in either. */
        {"lossy-wifi",
         {.delay_ms = 1, .loss = 0.03, .rate_mbit = 30, .rate_up_mbit = 15},
         "a wireless LAN with a bad signal",
         "Delay, rates: Firefox DevTools, throttling profile Wi-Fi; loss: Nguyen et al., \"A "
         "Trace-Based Approach for Modeling Wireless Channel Behavior\", WSC 1996, abstract"},
        /* "FIOS (20/5 Mbps 4ms RTT)", plr=0; no jitter. */
        {"fibre",
         {.delay_ms = 2, .rate_mbit = 20, .rate_up_mbit = 5},
         "a line of fibre to the home",
         WEBPAGETEST "[FIOS], at 0c6c27a"},
        /* "LTE (12 Mbps, 70ms RTT)", plr=0, the same up; no jitter. */
        {"lte",
         {.delay_ms = 35, .rate_mbit = 12},
         "a mobile phone, fourth generation",
         WEBPAGETEST "[LTE], at a7cf6a7"},
        /* "3G (1.6 Mbps/768 Kbps 300ms RTT)", plr=0; no jitter. */
        {"3g",
         {.delay_ms = 150, .rate_mbit = 1.6, .rate_up_mbit = 0.768},
         "a mobile phone, third generation",
         WEBPAGETEST "[3G], at a7cf6a7"},
        /* "2 x 41,756 km for a total propagation delay of 279.0 ms", at the edge of the view area;
         * what queues and codes add is not in it. HughesNet's medians. No jitter or loss. */
        {"satellite",
         {.delay_ms = 279, .rate_mbit = 19.73, .rate_up_mbit = 2.43},
         "a geostationary satellite",
         "Delay: RFC 2488 (1999), section 2; rates: Ookla, \"How Starlink's Satellite Internet "
         "Stacks Up Against HughesNet and Viasat around the Globe\", Q2 2021"},
        {0},
};
